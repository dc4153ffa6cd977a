import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.audio.patches import cut_patches, patch_starts

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


@settings(deadline=None)
@given(
    cuts=st.lists(st.integers(1, 400), max_size=6),
    patch_frames=st.integers(1, 120),
    hop_frames=st.integers(1, 300),
)
def test_patches_of_a_stream_are_those_of_the_whole(cuts, patch_frames, hop_frames):
    log_mel = np.arange(600, dtype=np.float32)[:, None]
    blocks = np.split(log_mel, sorted(cuts))
    cut = list(cut_patches(blocks, patch_frames, hop_frames))
    assert [start for start, _ in cut] == list(patch_starts(600, patch_frames, hop_frames))
    for start, patch in cut:
        assert np.array_equal(patch, log_mel[start : start + patch_frames])
