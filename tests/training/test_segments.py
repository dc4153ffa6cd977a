"""Segments of long clips."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.frames import Frames
from soundalike.training.segments import cut_into_segments


@given(n_frames=st.lists(st.integers(1, 500), min_size=1, max_size=20), longest=st.integers(1, 600))
def test_segments_tile_their_clips(n_frames: list[int], longest: int) -> None:
    lengths = torch.tensor(n_frames)
    offsets = lengths.cumsum(0) - lengths
    frames = Frames(torch.zeros(int(lengths.sum()), 1), offsets, lengths)
    segments, clip = cut_into_segments(frames, longest)
    assert segments.values is frames.values
    for number in range(len(lengths)):
        own = clip == number
        first, length = segments.offsets[own], segments.n_frames[own]
        tiles = [frame for f, n in zip(first.tolist(), length.tolist(), strict=True)
                 for frame in range(f, f + n)]  # fmt: skip
        assert tiles == list(range(offsets[number], offsets[number] + lengths[number]))
        assert length.max() <= longest
        assert length.max() - length.min() <= 1
        assert own.sum() == -(-lengths[number] // longest)
