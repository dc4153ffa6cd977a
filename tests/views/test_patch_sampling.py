"""Where patches start: independently, at the same place, or apart."""

import pytest
import torch

from soundalike.views.patch_sampling import PatchSampling

PATCH_FRAMES = 20
N_FRAMES = torch.tensor([20, 21, 30, 100, 57, 200, 80])
CLIPS = torch.tensor([5, 0, 3, 1])


def seed(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_random_starts_are_uniform_and_independent() -> None:
    clips = torch.arange(3).repeat(3000)
    starts = PatchSampling("random", 20).draw(clips, torch.tensor([20, 22, 24]), seed())
    for clip, n_starts in enumerate((1, 3, 5)):
        first, second = starts[clips == clip].T
        counts = torch.bincount(n_starts * first + second)
        assert len(counts) == n_starts**2
        expected = 3000 / n_starts**2
        assert (counts - expected).abs().max() <= 5 * expected**0.5


def test_same_starts_are_equal() -> None:
    first, second = PatchSampling("same", 20).draw(CLIPS, N_FRAMES, seed()).T
    assert torch.equal(first, second)
    assert first[0] > 0


@pytest.mark.parametrize("distance", [None, 0, 7, 20, 50])
def test_starts_apart_have_their_distance(distance: int | None) -> None:
    sampling = PatchSampling("apart", PATCH_FRAMES, distance)
    clips = torch.zeros(5000, dtype=torch.int64)
    first, second = sampling.draw(clips, torch.tensor([75]), seed()).T
    expected = PATCH_FRAMES if distance is None else distance
    assert set((second - first).tolist()) == {expected}
    counts = torch.bincount(first)
    assert len(counts) == 75 - PATCH_FRAMES - expected + 1
    assert (counts - 5000 / len(counts)).abs().max() <= 5 * (5000 / len(counts)) ** 0.5


def test_in_a_short_clip_patches_are_as_far_apart_as_possible() -> None:
    starts = PatchSampling("apart", PATCH_FRAMES).draw(CLIPS, N_FRAMES, seed())
    assert starts[1:].diff(dim=1).flatten().tolist() == [0, 20, 1]
    assert starts[1].tolist() == [0, 0]
    assert starts[3].tolist() == [0, 1]


class Second:
    """An activity by which only patches in the second half of a clip of 100 frames are active."""

    def of_patches(self, clips, starts, patch_frames):
        return starts >= 50


def test_silent_patches_are_redrawn() -> None:
    clips = torch.zeros(2000, dtype=torch.int64)
    starts = PatchSampling("random", 20).draw(clips, torch.tensor([100]), seed(), Second())
    # Both are active by chance in (31 / 81)^2 of the draws, and one try of eleven is enough.
    assert (starts >= 50).all(dim=1).float().mean() > 0.75
    assert (starts >= 50).all(dim=1).float().mean() < 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "near"}, "choose one of random, same, apart"),
        ({"distance_frames": 20}, "distance_frames needs the patch sampling 'apart'"),
        ({"mode": "same", "distance_frames": 0}, "needs the patch sampling 'apart', not 'same'"),
        ({"mode": "apart", "distance_frames": -1}, "at least 0, got -1"),
        ({"patch_frames": 0}, "patch_frames must be at least 1, got 0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PatchSampling(**settings)
