"""The recorded sound behind a stretch of frames in a store, and where it is."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.inversion import to_waveform
from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip
from soundalike.datasets.store import Store


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a clip, as frames and as sound.

    Args:
        log_mel: its frames in the store.
        waveform: the recording, or a reconstruction from `log_mel` where the recording is gone.
        is_recorded: if true, `waveform` is the recording.
        clip_s: duration of the whole clip, before any repetition if `is_recorded`.
        is_repeated: if true, the clip is shorter than the front end needs and was repeated.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]
    is_recorded: bool
    clip_s: float
    is_repeated: bool


def read_or_reconstruct(store: Store, index: int, start: int, n_frames: int) -> Excerpt:
    """Return a stretch of a clip; the recording may be gone since.

    Args:
        store: the store.
        index: the clip.
        start: first frame of the stretch.
        n_frames: length of the stretch.
    """
    first = store.offsets[index] + start
    log_mel = store.frames[first : first + n_frames].astype(np.float32)
    clip = next(iter(store.clips.where(np.array([index]))))
    n_clip_frames, front_end = int(store.n_frames[index]), store.front_end
    clip_s = (n_clip_frames - 1) * front_end.hop_s
    try:
        waveform, short_s = read_stretch(clip, n_clip_frames, start, n_frames, front_end)
    except AudioError:
        return Excerpt(log_mel, to_waveform(log_mel, front_end), False, clip_s, False)
    return Excerpt(log_mel, waveform, True, short_s or clip_s, short_s is not None)


def read_stretch(
    clip: Clip, n_clip_frames: int, start: int, n_frames: int, front_end: LogMel
) -> tuple[NDArray[np.float32], float | None]:
    """Read from the center of the first frame of a stretch to the center of its last.

    `soundalike.audio.inversion.to_waveform` reconstructs the same samples from the frames.

    Args:
        clip: the clip.
        n_clip_frames: number of its frames in the store.
        start: first frame of the stretch.
        n_frames: length of the stretch.
        front_end: the front end of the store.

    Returns:
        Samples at the rate of the front end, and the duration of the clip in seconds if the front
        end has repeated it, or else None.

    Shape:
        samples: [samples].

    Raises:
        AudioError: the clip cannot be read.
    """
    rate, hop_length = front_end.sample_rate, front_end.hop_length
    first, n_samples = start * hop_length, (n_frames - 1) * hop_length + 1
    n_min_samples = round(front_end.min_duration_s * rate)
    if n_clip_frames > 1 + n_min_samples // hop_length:
        start_s = (clip.start_s or 0.0) + first / rate
        return read_waveform(clip.path, rate, start_s, start_s + n_samples / rate), None
    waveform = read_waveform(clip.path, rate, clip.start_s, clip.end_s)
    repeated = np.resize(waveform, max(n_min_samples, len(waveform)))
    short_s = len(waveform) / rate if len(waveform) < n_min_samples else None
    return repeated[first : first + n_samples], short_s


def restarts(start_s: float, duration_s: float, clip_s: float) -> list[float]:
    """Return where a repeated clip starts again within a stretch, as shares of its duration.

    Args:
        start_s: start of the stretch.
        duration_s: duration of the stretch.
        clip_s: duration of the clip.

    >>> restarts(0.5, 1.0, 0.4)
    [0.3, 0.7]
    """
    first, last = math.floor(start_s / clip_s) + 1, math.ceil((start_s + duration_s) / clip_s)
    return [round((n * clip_s - start_s) / duration_s, 4) for n in range(first, last)]


def origin_of(clip: Clip) -> str:
    """Say in which folder a clip is, how it is labeled and where it is in its recording.

    Args:
        clip: its path is relative to its source; of an absolute path, only the last folder is
            named, so that a page says nothing about the machine.

    >>> origin_of(Clip("forest/north/owl.wav", "owl", start_s=1.5))
    'forest/north · owl · from 1.5 s to its end'
    """
    folder = Path(clip.path).parent
    words = [folder.name if folder.is_absolute() else "" if folder == Path() else str(folder)]
    if clip.label != folder.name:
        words.append(clip.label.replace(";", ", "))
    if clip.start_s is not None or clip.end_s is not None:
        end = "its end" if clip.end_s is None else f"{clip.end_s:g} s"
        words.append(f"from {clip.start_s or 0:g} s to {end}")
    return " · ".join(filter(None, words))
