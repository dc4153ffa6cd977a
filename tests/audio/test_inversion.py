import numpy as np
import pytest
from numpy.typing import NDArray

from soundalike.audio.inversion import to_waveform
from soundalike.audio.level import normalize_peak
from soundalike.audio.log_mel import LogMel

FRONT_END = LogMel()
OTHERS = [
    LogMel(sample_rate=16000, n_fft=512, win_length=401, hop_length=160, n_mels=40, fmax=8000.0),
    LogMel(n_fft=1024, win_length=300, hop_length=350),  # windows that do not touch
]


def noise(n_samples: int = 22050, seed: int = 0) -> NDArray[np.float32]:
    """White noise that swells and fades."""
    swell = 1 + np.sin(np.arange(n_samples) / 2000)
    samples = np.random.default_rng(seed).standard_normal(n_samples) * swell
    return normalize_peak(samples.astype(np.float32))


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("frequency", [200, 1000, 4000])
def test_a_tone_keeps_its_frequency(frequency: int) -> None:
    tone = normalize_peak(np.sin(2 * np.pi * frequency * np.arange(22050) / 22050, dtype="f4"))
    waveform = to_waveform(FRONT_END(tone), FRONT_END)
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), 22050))
    # The resolution is one band: 33 Hz below 1 kHz, 3% above.
    assert abs(int(spectrum.argmax()) - frequency) <= max(33, 0.03 * frequency)


@pytest.mark.parametrize("front_end", [FRONT_END, *OTHERS])
def test_inversion_reproduces_the_log_mel(front_end: LogMel) -> None:
    log_mel = front_end(noise())
    inverted = front_end(to_waveform(log_mel, front_end))
    assert inverted.shape == log_mel.shape
    assert correlation(inverted, log_mel) > 0.9


def test_more_iterations_reduce_the_error() -> None:
    log_mel = FRONT_END(noise())
    rough, fine = (
        correlation(FRONT_END(to_waveform(log_mel, FRONT_END, n_iterations=n)), log_mel)
        for n in (0, 32)
    )
    assert fine > rough + 0.02


def test_silence_stays_silent() -> None:
    log_mel = FRONT_END(np.zeros(22050, np.float32))
    assert np.abs(to_waveform(log_mel, FRONT_END)).max() < 1e-3


def test_the_result_depends_on_the_seed_alone() -> None:
    log_mel = FRONT_END(noise())
    first, again, other = (to_waveform(log_mel, FRONT_END, seed=seed) for seed in (1, 1, 2))
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
