import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.views.time_warping import draw_warp, warp_time


def noise(n: int, n_frames: int) -> torch.Tensor:
    return torch.randn(n, n_frames, 5, generator=torch.Generator().manual_seed(1)) - 4


def warp(n: int, reach: int, n_frames: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draws = draw_warp(n, reach, n_frames, torch.Generator().manual_seed(seed))
    return draws["warp_from"], draws["warp_to"]


@given(st.integers(3, 120), st.integers(0, 60), st.integers(0, 2**32))
def test_equals_interpolating_between_three_points(n_frames: int, reach: int, seed: int) -> None:
    patches = noise(4, n_frames)
    origin, target = warp(4, reach, n_frames, seed)
    views = warp_time(patches, origin, target)
    frames, last = np.arange(n_frames), n_frames - 1
    for i in range(4):
        # The position in the patch is piecewise linear in the frame, through three points.
        where = np.interp(frames, [0, target[i], last], [0, origin[i], last])
        expected = [np.interp(where, frames, band) for band in patches[i].T.double().numpy()]
        expected = torch.tensor(np.array(expected)).T.float()
        torch.testing.assert_close(views[i], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("n_frames", "reach"), [(101, 40), (101, 5), (101, 80), (1000, 80)])
def test_both_ends_stay_and_the_point_arrives(n_frames: int, reach: int) -> None:
    patches = noise(200, n_frames)
    origin, target = warp(200, reach, n_frames)
    views = warp_time(patches, origin, target)
    assert torch.equal(views[:, 0], patches[:, 0])
    assert torch.equal(views[:, -1], patches[:, -1])
    every = torch.arange(200)
    assert torch.equal(views[every, target], patches[every, origin])


def test_time_never_runs_back() -> None:
    ramp = torch.arange(101.0).view(1, 101, 1).repeat(500, 1, 1)
    views = warp_time(ramp, *warp(500, 40, 101))
    assert (views.diff(dim=1) > 0).all()


def test_a_point_that_stays_changes_nothing() -> None:
    patches, origin = noise(9, 31), torch.arange(11, 20)
    assert torch.equal(warp_time(patches, origin, origin), patches)


def test_points_and_moves_fill_their_ranges() -> None:
    origin, target = warp(20_000, 40, 101)
    assert set(origin.tolist()) == set(range(41, 60))
    assert set((target - origin).tolist()) == set(range(-40, 41))


def test_a_patch_too_short_for_the_reach_has_the_longest_that_fits() -> None:
    origin, target = warp(20_000, 80, 101)
    assert set(origin.tolist()) == {50}
    assert set(target.tolist()) == set(range(1, 100))


@pytest.mark.parametrize("n_frames", [1, 2, 3, 4])
def test_a_patch_of_a_few_frames_is_not_warped(n_frames: int) -> None:
    patches = noise(20, n_frames)
    assert torch.equal(warp_time(patches, *warp(20, 40, n_frames)), patches)
