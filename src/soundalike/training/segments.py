"""Segments of long recordings: an hour of forest is not a single sound."""

import math

import torch
from torch import Tensor

from soundalike.audio.frames import Frames
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.store import Store


def segments_of(store: Store, segment_s: float | None, patch_frames: int) -> tuple[Frames, Tensor]:
    """Return what training makes a pair of views of in each epoch.

    Args:
        store: the clips.
        segment_s: longest segment; if None, each clip is one segment.
        patch_frames: frames of a patch.

    Returns:
        The segments, and the clip of each segment: [segments] int64.

    Raises:
        ValueError: segments could be shorter than two patches.
    """
    refuse_short_segments(segment_s, store.front_end, patch_frames)
    return cut_into_segments(store.as_frames(), longest_segment(segment_s, store.front_end))


def longest_segment(segment_s: float | None, front_end: LogMel) -> int | None:
    """Return the frames of the longest segment; None: clips are not divided."""
    return None if segment_s is None else round(segment_s / front_end.hop_s)


def refuse_short_segments(segment_s: float | None, front_end: LogMel, patch_frames: int) -> None:
    """Raise a ValueError if segments of this length could be shorter than two patches."""
    longest = longest_segment(segment_s, front_end)
    if longest is not None and longest < 2 * patch_frames:
        least_s = math.ceil(20 * patch_frames * front_end.hop_s) / 10
        raise ValueError(
            f"training.segment_s must be at least as long as two patches: {least_s:g}, not "
            f"{segment_s:g}."
        )


def cut_into_segments(frames: Frames, longest: int | None) -> tuple[Frames, Tensor]:
    """Divide clips of more than ``longest`` frames into equal segments of at most ``longest``.

    The values stay in place: a segment is another offset and length. Where a clip does not divide
    evenly, its first segments are one frame longer.

    Returns:
        The segments, and the clip of each segment: [segments] int64.

    >>> frames = Frames(torch.zeros(15, 1), torch.tensor([0, 4]), torch.tensor([4, 11]))
    >>> segments, clip = cut_into_segments(frames, longest=5)
    >>> segments.offsets, segments.n_frames, clip
    (tensor([ 0,  4,  8, 12]), tensor([4, 4, 4, 3]), tensor([0, 1, 1, 1]))
    """
    if longest is None:
        return frames, torch.arange(len(frames))
    n_segments = -(-frames.n_frames // longest)
    clip = torch.repeat_interleave(torch.arange(len(frames)), n_segments)
    index = torch.arange(len(clip)) - (n_segments.cumsum(0) - n_segments)[clip]
    shortest, n_longer = frames.n_frames // n_segments, frames.n_frames % n_segments
    start = index * shortest[clip] + torch.minimum(index, n_longer[clip])
    length = shortest[clip] + (index < n_longer[clip])
    return Frames(frames.values, frames.offsets[clip] + start, length), clip
