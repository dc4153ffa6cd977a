"""The recorded sound behind a stretch of frames in a store."""

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip


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
