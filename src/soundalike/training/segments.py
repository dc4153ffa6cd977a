"""Long recordings as many clips: an hour of a forest is not one sound."""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def cut_into_segments(
    offsets: Integers, n_frames: Integers, longest: int
) -> tuple[Integers, Integers, Integers]:
    """Cut clips that are longer than ``longest`` frames into equal segments that are not.

    The frames stay where they are: a segment is another offset and length.

    Shape:
        offsets, n_frames: [clips]; result: offset, length, and clip of each segment, [segments].

    >>> cut_into_segments(np.array([0, 4]), np.array([4, 11]), longest=5)
    (array([ 0,  4,  8, 12]), array([4, 4, 4, 3]), array([0, 1, 1, 1]))
    """
    n_segments = -(-n_frames // longest)
    clip = np.repeat(np.arange(len(n_frames)), n_segments)
    number = np.arange(len(clip)) - np.repeat(n_segments.cumsum() - n_segments, n_segments)
    # What does not divide evenly goes to the first segments, a frame each.
    least, left = np.divmod(n_frames, n_segments)
    start = number * least[clip] + np.minimum(number, left[clip])
    return offsets[clip] + start, least[clip] + (number < left[clip]), clip
