"""Properties of every augmentation in the table."""

import pickle
from pkgutil import resolve_name

import pytest
import torch

from soundalike.views import AUGMENTATIONS
from soundalike.views.augmentation import Augmentation, Draws

N, N_FRAMES, N_BANDS = 6, 31, 24


# Each with its defaults, and SpecAugment with all its parts.
CASES = [
    *((name, {}) for name in AUGMENTATIONS),
    ("spec_augment", {"warp_frames": 8, "mask_share": 0.3, "fill": "noise"}),
]


@pytest.fixture(params=CASES, ids=str)
def augmentation(request: pytest.FixtureRequest) -> Augmentation:
    name, settings = request.param
    return resolve_name(AUGMENTATIONS[name])(**settings)


@pytest.fixture
def patches() -> torch.Tensor:
    return torch.randn(N, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1)) - 4


def draw(augmentation: Augmentation, seed: int = 0, n: int = N) -> Draws:
    return augmentation.draw(n, N_FRAMES, N_BANDS, torch.Generator().manual_seed(seed))


def test_changes_the_patches_and_keeps_their_shape_and_type(augmentation, patches) -> None:
    views = augmentation.apply(patches, draw(augmentation))
    assert views.shape == patches.shape
    assert views.dtype == torch.float32
    assert not torch.equal(views, patches)


def test_draws_are_a_few_numbers_a_patch_and_follow_the_seed(augmentation) -> None:
    first, again, other = (draw(augmentation, seed) for seed in (0, 0, 1))
    assert all(len(value) == N for value in first.values())
    assert sum(value.numel() for value in first.values()) < 20 * N
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_the_draws_decide_everything(augmentation, patches) -> None:
    draws = draw(augmentation)
    views = augmentation.apply(patches, draws)
    torch.manual_seed(1)
    assert torch.equal(augmentation.apply(patches, draws), views)


def test_a_slice_of_the_batch_gives_that_slice_of_the_views(augmentation, patches) -> None:
    draws = draw(augmentation)
    views = augmentation.apply(patches, draws)
    for part in (slice(0, 1), slice(2, 5), slice(0, 0)):
        own = {key: value[part] for key, value in draws.items()}
        assert torch.equal(augmentation.apply(patches[part], own), views[part])


def test_does_not_modify_the_patches_and_the_draws(augmentation, patches) -> None:
    draws = draw(augmentation)
    patches_before = patches.clone()
    draws_before = {key: value.clone() for key, value in draws.items()}
    augmentation.apply(patches, draws)
    assert torch.equal(patches, patches_before)
    assert all(torch.equal(draws[key], draws_before[key]) for key in draws)


@pytest.mark.parametrize("value", [-8.0, 0.0, 6.0])
def test_silence_and_loudness_stay_finite(augmentation, value: float) -> None:
    patches = torch.full((N, N_FRAMES, N_BANDS), value)
    patches[:, ::2] = -8
    for seed in range(20):
        assert augmentation.apply(patches, draw(augmentation, seed)).isfinite().all()


def test_accepts_patches_that_are_not_contiguous(augmentation, patches) -> None:
    draws = draw(augmentation)
    scattered = patches.mT.contiguous().mT
    assert torch.equal(augmentation.apply(scattered, draws), augmentation.apply(patches, draws))


def test_pickles(augmentation, patches) -> None:
    draws = draw(augmentation)
    copy = pickle.loads(pickle.dumps(augmentation))
    again = draw(copy)
    assert all(torch.equal(again[key], draws[key]) for key in draws)
    assert torch.equal(copy.apply(patches, draws), augmentation.apply(patches, draws))
