"""The lengths of clips, from the headers of their files."""

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.datasets.clips import ClipTable

MOST_READ = 4096


def durations_s(clips: ClipTable, most_read: int = MOST_READ) -> NDArray[np.float64]:
    """Return the lengths of clips in seconds; NaN for one that cannot be read.

    Args:
        clips: the clips.
        most_read: of more clips than this, so many are looked at, spread over all; the others are
            NaN.

    Shape:
        result: [clips].
    """
    lengths = np.full(len(clips), np.nan)
    positions = np.unique(np.linspace(0, len(clips) - 1, most_read, dtype=int))
    positions = positions if len(clips) else np.zeros(0, int)
    for position, clip in zip(positions, clips.where(positions), strict=True):
        try:
            end_s = read_info(clip.path).duration_s if clip.end_s is None else clip.end_s
        except AudioError:
            continue
        lengths[position] = end_s - (clip.start_s or 0.0)
    return lengths
