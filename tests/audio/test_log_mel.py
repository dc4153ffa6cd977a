import dataclasses
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.level import normalize_peak
from soundalike.audio.log_mel import LogMel, mel_filterbank

SILENCE = np.log10(np.float32(1.1e-8))


def sounds(n_samples: int, seed: int = 0) -> NDArray[np.float32]:
    """Colored noise with a tone and bursts, peak-normalized."""
    noise = np.random.default_rng(seed).standard_normal(n_samples)
    time = np.arange(n_samples)
    bursts = (1 + np.sin(time / 3000)) ** 3 * (0.2 * noise + 0.1 * np.cumsum(noise) / 30)
    return normalize_peak((bursts + np.sin(time / 7)).astype(np.float32))


def librosa_log_mel(
    front_end: LogMel, waveform: NDArray[np.float32], center: bool = True
) -> NDArray[np.float64]:
    energies = librosa.feature.melspectrogram(
        y=waveform.astype(np.float64),
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        win_length=front_end.win_length,
        hop_length=front_end.hop_length,
        window="hamming",
        center=center,
        pad_mode="reflect",
        power=2,
        n_mels=front_end.n_mels,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        htk=False,
        norm=None,
    )
    return np.log10(energies.T + front_end.log_offset)


@st.composite
def front_ends(draw: st.DrawFn) -> LogMel:
    sample_rate = draw(st.sampled_from([8000, 16000, 22050, 32000, 44100, 48000]))
    n_fft = draw(st.integers(32, 2048))
    fmax = draw(st.floats(1000, sample_rate / 2))
    return LogMel(
        sample_rate=sample_rate,
        n_fft=n_fft,
        win_length=draw(st.integers(16, n_fft)),
        hop_length=draw(st.integers(20, 1000)),
        n_mels=draw(st.integers(1, 128)),
        fmin=draw(st.floats(0, 900)),
        fmax=fmax,
    )


def test_a_value_equals_the_definition_in_plain_loops() -> None:
    front_end = LogMel(
        sample_rate=8000, n_fft=64, win_length=33, hop_length=20, n_mels=5, fmin=100.0, fmax=3900.0
    )
    waveform = sounds(200)
    filterbank = mel_filterbank(8000, 64, 5, 100.0, 3900.0)
    log_mel = front_end(waveform)
    assert log_mel.shape == (11, 5)
    for frame in range(11):
        energies = np.full(5, 1.1e-8)
        for k in range(33):
            coefficient = 0j
            for j in range(33):
                # The window of 33 samples is in the middle of the 64 around the center.
                index = abs(frame * 20 - 32 + 15 + j)
                index = 2 * 199 - index if index > 199 else index
                weight = 0.54 - 0.46 * np.cos(2 * np.pi * j / 33)
                coefficient += waveform[index] * weight * np.exp(-2j * np.pi * k * j / 64)
            energies += abs(coefficient) ** 2 * filterbank[k]
        np.testing.assert_allclose(log_mel[frame], np.log10(energies), atol=1e-4)


def test_the_default_front_end_equals_librosa() -> None:
    waveform = sounds(5 * 22050)
    log_mel = LogMel()(waveform)
    assert log_mel.dtype == np.float32
    np.testing.assert_allclose(log_mel, librosa_log_mel(LogMel(), waveform), atol=1e-4)


def float32_rounding(log_mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Error in log10 units of each band due to four roundings of the frame's loudest amplitude.

    A float32 transform rounds relative to the loudest bin of the frame. A band 70 dB below it
    has 3,000 times less amplitude, so its relative error is larger.
    """
    loudest = log_mel.max(axis=1, keepdims=True)
    amplitude_ratio = 10 ** ((loudest - log_mel) / 2)
    return 2 / np.log(10) * 4 * np.finfo(np.float32).eps / 2 * amplitude_ratio


@given(front_end=front_ends(), n_samples=st.integers(2100, 9000), seed=st.integers(0, 9))
@example(  # a band 68 dB below the loudest: 1.2e-4 away
    front_end=LogMel(
        sample_rate=8000, n_fft=121, win_length=91, hop_length=20, n_mels=17, fmin=0, fmax=1000
    ),
    n_samples=2870,
    seed=7,
)
@pytest.mark.filterwarnings("ignore:Empty filters detected")
def test_any_front_end_equals_librosa(front_end: LogMel, n_samples: int, seed: int) -> None:
    waveform = sounds(n_samples, seed)
    log_mel = front_end(waveform)
    # Padded here: librosa reflects a short tail twice, and pads an odd n_fft by a sample less.
    before, after = front_end.n_fft // 2, front_end.n_fft - front_end.n_fft // 2
    padded = np.pad(waveform, (before, after), mode="reflect")
    theirs = librosa_log_mel(front_end, padded, center=False)[: len(log_mel)]
    assert len(log_mel) == len(theirs) == 1 + n_samples // front_end.hop_length
    difference = np.abs(log_mel - theirs)
    assert (difference <= 1e-4 + float32_rounding(theirs)).all()
    assert np.quantile(difference, 0.99) <= 1e-4


@given(front_end=front_ends(), n_samples=st.integers(1, 3000))
def test_the_number_of_frames_follows_from_the_number_of_samples(
    front_end: LogMel, n_samples: int
) -> None:
    log_mel = front_end(sounds(n_samples))
    assert log_mel.shape == (1 + n_samples // front_end.hop_length, front_end.n_mels)
    assert np.isfinite(log_mel).all()


def test_a_band_peaks_at_its_own_tone() -> None:
    edges = librosa.mel_frequencies(98, fmin=50, fmax=10500)
    for band in (5, 40, 90):
        tone = np.sin(2 * np.pi * edges[band + 1] * np.arange(22050) / 22050, dtype=np.float32)
        assert np.all(LogMel()(tone)[5:-5].argmax(axis=1) == band)


def test_twice_the_amplitude_is_four_times_the_energy() -> None:
    waveform = sounds(22050)
    gained = LogMel()(2 * waveform) - LogMel()(waveform)
    assert np.median(gained) == pytest.approx(np.log10(4), abs=1e-4)


@given(front_end=front_ends())
@pytest.mark.filterwarnings("ignore:Empty filters detected")
def test_the_filterbank_equals_librosa(front_end: LogMel) -> None:
    theirs = librosa.filters.mel(
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        n_mels=front_end.n_mels,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        htk=False,
        norm=None,
    )
    ours = mel_filterbank(
        front_end.sample_rate, front_end.n_fft, front_end.n_mels, front_end.fmin, front_end.fmax
    )
    np.testing.assert_allclose(ours, theirs.T, atol=1e-6)


def test_settings_survive_a_round_trip_through_json() -> None:
    front_end = LogMel(sample_rate=16000, fmax=8000.0, level="minute_peak")
    assert LogMel(**dataclasses.asdict(front_end)) == front_end != LogMel()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"win_length": 4096}, "win_length .4096. must not exceed n_fft"),
        ({"fmax": 12000.0}, "half the sample_rate .11025"),
        ({"fmin": 10500.0}, "must be below fmax"),
        ({"fmin": -1.0}, "fmin"),
        ({"fmax": float("nan")}, "fmax"),
        ({"hop_length": 0}, "hop_length must be at least 1, not 0"),
        ({"n_mels": -3}, "n_mels must be at least 1"),
        ({"sample_rate": 0}, "sample_rate must be at least 1"),
        ({"log_offset": 0.0}, "log_offset must be above 0"),
        ({"min_duration_s": float("inf")}, "min_duration_s"),
        ({"level": "rms"}, "level must be one of peak, minute_peak, not rms"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogMel(**settings)
