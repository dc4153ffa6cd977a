"""The recorded sound behind a stretch of frames in a store, and where it is."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.inversion import to_waveform
from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip
from soundalike.datasets.store import Store


def read_or_reconstruct(
    store: Store, index: int, start: int, n_frames: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """Return a stretch of a clip as frames and as sound; the recording may be gone since.

    Args:
        store: the store.
        index: the clip.
        start: first frame of the stretch.
        n_frames: length of the stretch.

    Returns:
        The frames, the sound, and whether it is the recording and not reconstructed from them.

    Shape:
        frames: [n_frames, bands]; sound: [samples].
    """
    first = store.offsets[index] + start
    log_mel = store.frames[first : first + n_frames].astype(np.float32)
    clip = next(iter(store.clips.where(np.array([index]))))
    n_clip_frames = int(store.n_frames[index])
    try:
        return log_mel, read_stretch(clip, n_clip_frames, start, n_frames, store.front_end), True
    except AudioError:
        return log_mel, to_waveform(log_mel, store.front_end), False


def read_stretch(
    clip: Clip, n_clip_frames: int, start: int, n_frames: int, front_end: LogMel
) -> NDArray[np.float32]:
    """Read from the center of the first frame of a stretch to the center of its last.

    `soundalike.audio.inversion.to_waveform` reconstructs the same samples from the frames.

    Args:
        clip: the clip.
        n_clip_frames: number of its frames in the store.
        start: first frame of the stretch.
        n_frames: length of the stretch.
        front_end: the front end of the store.

    Returns:
        Samples at the rate of the front end: [samples].

    Raises:
        AudioError: the clip cannot be read.
    """
    rate, hop_length = front_end.sample_rate, front_end.hop_length
    first, n_samples = start * hop_length, (n_frames - 1) * hop_length + 1
    n_min_samples = round(front_end.min_duration_s * rate)
    if n_clip_frames > 1 + n_min_samples // hop_length:
        start_s = (clip.start_s or 0.0) + first / rate
        return read_waveform(clip.path, rate, start_s, start_s + n_samples / rate)
    # The front end may have repeated a clip this short.
    waveform = read_waveform(clip.path, rate, clip.start_s, clip.end_s)
    return np.resize(waveform, max(n_min_samples, len(waveform)))[first : first + n_samples]


def origin_of(clip: Clip) -> str:
    """Say where a clip is and how it is labeled."""
    folder = str(Path(clip.path).parent)
    words = ["" if folder == "." else folder, clip.label]
    if clip.start_s is not None or clip.end_s is not None:
        end = "its end" if clip.end_s is None else f"{clip.end_s:g} s"
        words.append(f"from {clip.start_s or 0:g} s to {end}")
    return " · ".join(filter(None, words))
