import pickle

import pytest
import torch

from soundalike.audio.frames import Frames
from soundalike.views import AUGMENTATIONS
from soundalike.views.mix_back import mix_back
from soundalike.views.pair import PairOfViews

PATCH_FRAMES, N_BANDS = 20, 16
RECIPE = {
    "mix_back": {"alpha": 0.05, "source": "other_clips"},
    "resized_crop": {"area": [0.8, 1.0], "aspect": [0.75, 1.3333333]},
    "compression": {"lowest": 0.75},
    "noise": {"highest_std": 0.01},
}
EVERYTHING = RECIPE | {
    "time_shift": {"frames": [1, 5]},
    "frequency_shift": {"bands": [1, 3]},
    "reversal": {"probability": 0.5},
    "spec_augment": {"warp_frames": 4, "mask_bands": 3, "mask_frames": 4, "fill": "noise"},
    "blur": {"probability": 0.5},
}
N_FRAMES = torch.tensor([20, 21, 30, 100, 57, 200, 80])
OFFSETS = torch.tensor([0, 20, 41, 71, 171, 228, 428])
CLIPS = torch.tensor([5, 0, 3, 1])


def pair(**settings) -> PairOfViews:
    return PairOfViews(patch_frames=PATCH_FRAMES, n_bands=N_BANDS, **settings)


def seed(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.fixture
def frames() -> Frames:
    values = (torch.randn(508, N_BANDS, generator=seed(1)) - 4).half()
    return Frames(values, OFFSETS, N_FRAMES)


def test_every_view_equals_its_steps_one_by_one(frames) -> None:
    views = pair(**EVERYTHING, mean=-4.2, std=1.3)
    draws = views.draw(CLIPS, N_FRAMES, seed())
    pairs = views.apply(frames, draws)
    assert pairs.shape == (2, 4, PATCH_FRAMES, N_BANDS)
    assert pairs.dtype == torch.float32

    def cut(name: str, i: int, view: int) -> torch.Tensor:
        start = OFFSETS[draws[name]["clip"][i, view]] + draws[name]["start"][i, view]
        return frames.values[start : start + PATCH_FRAMES].float()[None]

    for i in range(4):
        for view in range(2):
            patch, background = cut("patches", i, view), cut("mix_back", i, view)
            patch = mix_back(patch, background, draws["mix_back"]["weight"][i, None])
            for name in AUGMENTATIONS:
                own = {key: value[i, view, None] for key, value in draws[name].items()}
                patch = views.augmentations[name].apply(patch, own)
            torch.testing.assert_close(pairs[view, i], (patch[0] + 4.2) / 1.3, rtol=0, atol=1e-5)


def test_a_view_without_steps_is_its_patch(frames) -> None:
    views = pair()
    draws = views.draw(CLIPS, N_FRAMES, seed())
    patches = views.cut(frames, draws["patches"])
    assert torch.equal(views.apply(frames, draws), patches)
    for i, clip in enumerate(CLIPS):
        for view in range(2):
            start = OFFSETS[clip] + draws["patches"]["start"][i, view]
            assert torch.equal(
                patches[view, i], frames.values[start : start + PATCH_FRAMES].float()
            )


def test_same_patches_make_both_views_from_one(frames) -> None:
    views = pair(patch_sampling="same")
    a, b = views.apply(frames, views.draw(CLIPS, N_FRAMES, seed()))
    assert torch.equal(a, b)
    views = pair(patch_sampling="same", **RECIPE)
    a, b = views.apply(frames, views.draw(CLIPS, N_FRAMES, seed()))
    assert (a - b).abs().amax(dim=(1, 2)).min() > 0.1


def test_a_slice_of_the_draws_gives_that_slice_of_the_views(frames) -> None:
    views = pair(**EVERYTHING)
    draws = views.draw(CLIPS, N_FRAMES, seed())
    pairs = views.apply(frames, draws)
    for part in (slice(0, 2), slice(2, 4), slice(3, 4)):
        own = {
            name: {key: value[part] for key, value in step.items()} for name, step in draws.items()
        }
        assert torch.equal(views.apply(frames, own), pairs[:, part])


def test_the_seed_decides_the_views(frames) -> None:
    views = pair(**EVERYTHING)
    first, again, other = (
        views.apply(frames, views.draw(CLIPS, N_FRAMES, seed(number))) for number in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_apply_does_not_modify_the_frames_and_the_draws(frames) -> None:
    views = pair(**EVERYTHING, mean=-4, std=2)
    draws = views.draw(CLIPS, N_FRAMES, seed())
    before = pickle.loads(pickle.dumps((frames.values, draws)))
    views.apply(frames, draws)
    assert torch.equal(frames.values, before[0])
    for name, step in draws.items():
        assert all(torch.equal(step[key], before[1][name][key]) for key in step)


def test_the_views_are_computed_on_the_device_asked_for(frames) -> None:
    views = pair(**EVERYTHING)
    draws = views.draw(CLIPS, N_FRAMES, seed())
    # The meta device has no values: reading one back, or a draw on another device, would fail.
    pairs = views.apply(frames, draws, device="meta")
    assert pairs.device.type == "meta"
    assert pairs.shape == (2, 4, PATCH_FRAMES, N_BANDS)


def test_mixing_keeps_the_energy_of_every_patch(frames) -> None:
    views = pair(mix_back={"alpha": 0.5})
    draws = views.draw(CLIPS, N_FRAMES, seed())
    patches = views.cut(frames, draws["patches"])
    pairs = views.apply(frames, draws)
    energy, expected = ((10**x).sum(dim=(2, 3)) for x in (pairs, patches))
    torch.testing.assert_close(energy, expected)
    assert (pairs - patches).abs().amax(dim=(2, 3)).min() > 0.01


def test_standardizing_comes_last(frames) -> None:
    raw, standardized = pair(**RECIPE), pair(**RECIPE, mean=-4.5, std=0.7)
    draws = raw.draw(CLIPS, N_FRAMES, seed())
    expected = (raw.apply(frames, draws) + 4.5) / 0.7
    torch.testing.assert_close(standardized.apply(frames, draws), expected)


def test_the_order_of_a_view_is_that_of_the_table() -> None:
    assert list(pair(**dict(reversed(EVERYTHING.items()))).augmentations) == list(AUGMENTATIONS)


def test_none_skips_a_step() -> None:
    views = pair(**RECIPE | {"mix_back": None, "noise": None})
    draws = views.draw(CLIPS, N_FRAMES, seed())
    assert list(draws) == ["patches", "resized_crop", "compression"]


def test_pickles(frames) -> None:
    views = pair(**EVERYTHING)
    copy = pickle.loads(pickle.dumps(views))
    pairs, again = (v.apply(frames, v.draw(CLIPS, N_FRAMES, seed())) for v in (views, copy))
    assert torch.equal(pairs, again)


def test_an_unknown_augmentation_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"'resised_crop'; choose from .*resized_crop"):
        pair(resised_crop={})


def test_a_clip_shorter_than_a_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="Clip 1 has 19 frames, fewer than a patch of 20"):
        pair().draw(torch.tensor([0]), torch.tensor([40, 19, 40]), seed())


def test_frames_of_another_number_of_bands_are_refused(frames) -> None:
    views = pair()
    draws = views.draw(CLIPS, N_FRAMES, seed())
    with pytest.raises(ValueError, match="have 8 bands but n_bands is 16"):
        views.apply(Frames(frames.values[:, :8], OFFSETS, N_FRAMES), draws)


def test_mixing_with_other_clips_needs_three_clips() -> None:
    with pytest.raises(ValueError, match="at least 3 clips, got 2"):
        pair(**RECIPE).draw(torch.tensor([0]), torch.tensor([40, 40]), seed())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"std": 0.0}, "above 0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pair(**settings)
