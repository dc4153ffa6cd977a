import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.patches import patch_starts

LENGTHS = st.integers(1, 300)


@given(n_frames=st.integers(0, 2000), patch_frames=LENGTHS, hop_frames=LENGTHS)
def test_every_patch_that_fits_is_there_and_no_other(
    n_frames: int, patch_frames: int, hop_frames: int
) -> None:
    starts, start = [], 0
    while start + patch_frames <= n_frames:
        starts.append(start)
        start += hop_frames
    found = patch_starts(n_frames, patch_frames, hop_frames)
    assert found.dtype == np.int64
    assert found.tolist() == starts


def test_a_clip_of_one_patch_has_one_and_a_shorter_one_none() -> None:
    assert patch_starts(101, 101, 50).tolist() == [0]
    assert patch_starts(100, 101, 50).tolist() == []


@pytest.mark.parametrize(("patch_frames", "hop_frames"), [(0, 50), (101, 0), (101, -1)])
def test_lengths_of_nothing_are_refused(patch_frames: int, hop_frames: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        patch_starts(1000, patch_frames, hop_frames)
