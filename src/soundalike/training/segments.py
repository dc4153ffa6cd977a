"""Segments of long recordings: an hour of forest is not a single sound."""

import torch
from torch import Tensor

from soundalike.audio.frames import Frames


def cut_into_segments(frames: Frames, longest: int) -> tuple[Frames, Tensor]:
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
    n_segments = -(-frames.n_frames // longest)
    clip = torch.repeat_interleave(torch.arange(len(frames)), n_segments)
    index = torch.arange(len(clip)) - (n_segments.cumsum(0) - n_segments)[clip]
    shortest, n_longer = frames.n_frames // n_segments, frames.n_frames % n_segments
    start = index * shortest[clip] + torch.minimum(index, n_longer[clip])
    length = shortest[clip] + (index < n_longer[clip])
    return Frames(frames.values, frames.offsets[clip] + start, length), clip
