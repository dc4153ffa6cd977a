"""Sound files to log-mels on one core, against two plain pipelines, clip by clip.

Both pipelines decode to float64 and compute librosa's log-mel. They resample with the same long
Kaiser-windowed sinc: one evaluates it for every output sample in a compiled loop, as band-limited
interpolation is published; the other runs it as a polyphase filter. Differences are in log10 units:
the largest from the same waveform, and the mean from file to log-mel. The latter includes our
different resampler, whose effect is in the highest bands.

`prepare` with two processes is compared with one process, from a folder to a store.
"""

import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import librosa
import numba
import numpy as np
import soundfile
from measure import Row, fastest, table
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn
from threadpoolctl import threadpool_limits

from soundalike.audio.level import normalize_peak
from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import prepare

FRONT_END = LogMel()
# Number of clips, seconds, channels, rate
SIZES = [(40, 1.0, 1, 44100), (8, 10.0, 1, 44100), (8, 10.0, 2, 48000), (1, 120.0, 1, 44100)]
# The clips that `prepare` gets: eight files, read as often as in a set of many.
DURATION_S, N_REPEATED = 10.0, 64
N_RUNS = 3

# The usual best-quality filter: zero crossings to either side, Kaiser's beta, and the cut-off as a
# share of half the lower of both rates; and how finely its table is drawn up.
N_CROSSINGS, BETA, ROLL_OFF, POINTS_PER_CROSSING = 64, 14.769656459379492, 0.9475937167399596, 512

Resample = Callable[[NDArray[np.float64], int, int], NDArray[np.float64]]
"""From a waveform and its rate to that of another rate."""


def write_clips(
    folder: Path, n_clips: int, duration_s: float, n_channels: int, rate: int
) -> list[Path]:
    """Write noises that swell and fade over a tone, as 16-bit wav."""
    folder.mkdir()
    paths = [folder / f"{index}.wav" for index in range(n_clips)]
    time_s = np.arange(round(rate * duration_s))[:, None] / rate
    tone = 0.3 * np.sin(2 * np.pi * 440 * time_s)
    for index, path in enumerate(paths):
        noise = np.random.default_rng(index).standard_normal((len(time_s), n_channels))
        sound = 0.05 * noise * (1.2 + np.sin(3 * time_s)) + tone
        soundfile.write(path, sound, rate, subtype="PCM_16")
    return paths


@lru_cache
def half_sinc() -> NDArray[np.float64]:
    """Return the right half of the windowed sinc, from its middle to its last zero crossing."""
    n_points = N_CROSSINGS * POINTS_PER_CROSSING
    crossing = np.arange(n_points + 1) / POINTS_PER_CROSSING
    window = np.kaiser(2 * n_points + 1, BETA)[n_points:]
    return ROLL_OFF * np.sinc(ROLL_OFF * crossing) * window


def interpolate(sound: NDArray[np.float64], rate: int, new_rate: int) -> NDArray[np.float64]:
    """Resample by band-limited interpolation (Smith and Gossett 1984)."""
    resampled = np.empty(int(len(sound) * new_rate / rate))
    _interpolate(sound, rate / new_rate, min(1.0, new_rate / rate), half_sinc(), resampled)
    return resampled


@numba.njit
def _interpolate(sound, step, scale, sinc, resampled):
    """Sum, for every new sample, the old ones that the sinc around it reaches."""
    reach = N_CROSSINGS / scale
    for new in range(len(resampled)):
        center, total = new * step, 0.0
        first, last = max(0, math.ceil(center - reach)), min(len(sound) - 1, int(center + reach))
        for old in range(first, last + 1):
            place = abs(center - old) * scale * POINTS_PER_CROSSING
            below = min(int(place), len(sinc) - 2)
            weight = sinc[below] + (place - below) * (sinc[below + 1] - sinc[below])
            total += weight * sound[old]
        resampled[new] = scale * total


@lru_cache
def kaiser_sinc(up: int, down: int) -> NDArray[np.float64]:
    """Return the same filter at the times that a ratio of rates needs."""
    longest = max(up, down)
    n_taps = 2 * N_CROSSINGS * longest + 1
    return up * firwin(n_taps, ROLL_OFF / longest, window=("kaiser", BETA), scale=False)


def polyphase(sound: NDArray[np.float64], rate: int, new_rate: int) -> NDArray[np.float64]:
    """Resample by zero stuffing and one long filter."""
    shared = np.gcd(rate, new_rate)
    up, down = int(new_rate // shared), int(rate // shared)
    resampled = upfirdn(kaiser_sinc(up, down), sound, up, down)
    # The filter's delay, as long as the new rate is the lower one.
    return resampled[N_CROSSINGS : N_CROSSINGS + round(len(sound) * up / down)]


def reference_log_mel(waveform: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the same log-mel from librosa."""
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


def reference(path: Path, resample: Resample) -> NDArray[np.float64]:
    """Make a log-mel of a file, the plain way."""
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    waveform = resample(sound.mean(axis=1), rate, FRONT_END.sample_rate)
    waveform = waveform - waveform.mean()
    return reference_log_mel(waveform / (np.abs(waveform).max() + 0.005))


def rows_of_size(paths: list[Path], size: str, audio_s: float) -> Iterator[Row]:
    """Yield ours and both references, measured in one run."""
    plain = {
        "float64, interpolation by sample, librosa": partial(reference, resample=interpolate),
        "float64, polyphase filter, librosa": partial(reference, resample=polyphase),
    }
    works = (FRONT_END.of_file, *plain.values())
    ours_s, *plain_s = fastest(
        *(lambda work=work: [work(path) for path in paths] for work in works), n_runs=N_RUNS
    )
    waveform = normalize_peak(read_waveform(paths[0], FRONT_END.sample_rate))
    log_mel = read_log_mel(paths[0], FRONT_END)
    largest = np.abs(log_mel - reference_log_mel(waveform.astype(np.float64))).max()
    for (name, work), seconds in zip(plain.items(), plain_s, strict=True):
        mean = np.abs(log_mel - work(paths[0])).mean()
        off = f"{largest:.0e}; {mean:.0e} in the mean with the resampler"
        speeds = (audio_s / one for one in (ours_s, seconds))
        yield Row(size, next(speeds), "audio s/s", next(speeds), name, times=False, difference=off)


def row_of_processes(paths: list[Path], out: Path) -> Row:
    """Return what a second process is worth."""
    clips = ClipTable.of("noises", N_REPEATED * [Clip(str(path)) for path in paths])

    def work(n_workers: int) -> None:
        shutil.rmtree(out, ignore_errors=True)
        prepare(clips, out, FRONT_END, n_workers=n_workers, progress=False)

    one, two = fastest(partial(work, 1), partial(work, 2), n_runs=N_RUNS)
    audio_s = len(clips) * DURATION_S
    what = f"`prepare`, {len(clips)} x {DURATION_S:g} s, 2 processes"
    return Row(what, audio_s / two, "audio s/s", audio_s / one, "1 process", times=False)


def rows() -> Iterator[Row]:
    """Yield the seconds of audio a second, for several sizes and for two processes."""
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        for number, (n_clips, duration_s, n_channels, rate) in enumerate(SIZES):
            paths = write_clips(Path(folder) / str(number), n_clips, duration_s, n_channels, rate)
            channels = "mono" if n_channels == 1 else "stereo"
            size = f"{n_clips} x {duration_s:g} s, {channels}, {rate:,} Hz"
            yield from rows_of_size(paths, size, n_clips * duration_s)
        paths = write_clips(Path(folder) / "prepared", 8, DURATION_S, 1, 44100)
        yield row_of_processes(paths, Path(folder) / "store")


if __name__ == "__main__":
    print(table(rows()))
