"""Segments of long clips."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.training.segments import cut_into_segments


@given(n_frames=st.lists(st.integers(1, 500), min_size=1, max_size=20), longest=st.integers(1, 600))
def test_segments_tile_their_clips(n_frames: list[int], longest: int) -> None:
    lengths = np.array(n_frames)
    offsets = lengths.cumsum() - lengths
    first, length, clip = cut_into_segments(offsets, lengths, longest)
    for number in range(len(lengths)):
        own = clip == number
        covered = [frame for f, n in zip(first[own], length[own], strict=True)
                   for frame in range(f, f + n)]  # fmt: skip
        assert covered == list(range(offsets[number], offsets[number] + lengths[number]))
        assert length[own].max() <= longest
        assert length[own].max() - length[own].min() <= 1
        assert own.sum() == -(-lengths[number] // longest)
