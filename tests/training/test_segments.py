"""Segments of long clips."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.frames import Frames
from soundalike.audio.log_mel import LogMel
from soundalike.training.segments import cut_into_segments, refuse_short_segments


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


@pytest.mark.parametrize(("sample_rate", "least_s"), [(22050, 2.1), (2205, 20.2), (96000, 0.5)])
def test_the_message_on_short_segments_says_how_long_they_must_be(
    sample_rate: int, least_s: float
) -> None:
    front_end = LogMel(sample_rate=sample_rate, fmax=sample_rate / 2)
    with pytest.raises(ValueError, match=f"two patches: {least_s:g}, not 0.25\\."):
        refuse_short_segments(0.25, front_end, patch_frames=101)
    refuse_short_segments(least_s, front_end, patch_frames=101)
