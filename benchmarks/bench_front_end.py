"""Sound files to log-mels: ours beside a plain reference, clip by clip on one core.

The reference decodes to float64, resamples with a long Kaiser-windowed sinc, and takes librosa's
log-mel. The last columns are differences in log10 units: the largest where both start from the same
waveform, and the mean from file to log-mel, where the other resampler shows in the highest bands.

Run: OMP_NUM_THREADS=1 python benchmarks/bench_front_end.py
"""

import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import normalise_peak, read_waveform

FRONT_END = LogMel()
# Channels, rate, seconds, number of clips
SIZES = [(1, 44100, 1.0, 40), (1, 44100, 10.0, 8), (2, 48000, 10.0, 8), (1, 44100, 120.0, 1)]


def write_clip(path: Path, n_channels: int, rate: int, duration_s: float, seed: int) -> None:
    """Noise that swells and fades over a tone, as 16-bit wav."""
    time_s = np.arange(round(rate * duration_s))[:, None] / rate
    noise = np.random.default_rng(seed).standard_normal((len(time_s), n_channels))
    sound = 0.05 * noise * (1.2 + np.sin(3 * time_s)) + 0.3 * np.sin(2 * np.pi * 440 * time_s)
    soundfile.write(path, sound, rate, subtype="PCM_16")


@lru_cache
def kaiser_sinc(up: int, down: int) -> NDArray[np.float64]:
    """Low-pass of 64 zero crossings to either side, the length of the usual best-quality filter."""
    longest = max(up, down)
    return up * firwin(128 * longest + 1, 0.9476 / longest, window=("kaiser", 14.77))


def reference_waveform(path: Path) -> NDArray[np.float64]:
    """Decode, average the channels, resample by zero stuffing and one long filter."""
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    shared = np.gcd(rate, FRONT_END.sample_rate)
    up, down = int(FRONT_END.sample_rate // shared), int(rate // shared)
    resampled = upfirdn(kaiser_sinc(up, down), sound.mean(axis=1), up, down)
    delay = 64 * max(up, down) // down
    return resampled[delay : delay + round(len(sound) * up / down)]


def reference_log_mel(waveform: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same log-mel from librosa."""
    energies = librosa.feature.melspectrogram(
        y=waveform,
        sr=FRONT_END.sample_rate,
        n_fft=FRONT_END.n_fft,
        win_length=FRONT_END.win_length,
        hop_length=FRONT_END.hop_length,
        window="hamming",
        pad_mode="reflect",
        n_mels=FRONT_END.n_mels,
        fmin=FRONT_END.fmin,
        fmax=FRONT_END.fmax,
        norm=None,
    )
    return np.log10(energies.T + FRONT_END.log_offset)


def reference(path: Path) -> NDArray[np.float64]:
    """A file to a log-mel, the plain way."""
    waveform = reference_waveform(path)
    waveform = waveform - waveform.mean()
    return reference_log_mel(waveform / (np.abs(waveform).max() + 0.005))


def seconds(work: Callable[[Path], object], paths: list[Path]) -> float:
    """Least processor time of three runs over all files, after one to warm up."""
    work(paths[0])
    times = []
    for _ in range(3):
        start = time.process_time()
        for path in paths:
            work(path)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the table: audio seconds per processor second, their ratio, and the differences."""
    print(f"{'size':>26} {'ours':>6} {'reference':>10} {'ratio':>6} {'largest':>8} {'mean':>8}")
    for n_channels, rate, duration_s, n_clips in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{index}.wav" for index in range(n_clips)]
            for index, path in enumerate(paths):
                write_clip(path, n_channels, rate, duration_s, seed=index)
            audio_s = n_clips * duration_s
            ours = audio_s / seconds(FRONT_END.of_file, paths)
            theirs = audio_s / seconds(reference, paths)
            waveform = normalise_peak(read_waveform(paths[0], FRONT_END.sample_rate))
            exact = reference_log_mel(waveform.astype(np.float64))
            log_mel = FRONT_END.of_file(paths[0])
            largest = np.abs(log_mel - exact).max()
            mean = np.abs(log_mel - reference(paths[0])).mean()
        size = f"{n_clips} x {duration_s:g} s, {n_channels} x {rate} Hz"
        speed = f"{ours:6.0f} {theirs:10.0f} {ours / theirs:6.1f}"
        print(f"{size:>26} {speed} {largest:8.1e} {mean:8.1e}")


if __name__ == "__main__":
    main()
