import math
import random

import pytest
import torch
import torch.nn.functional as F

from soundalike.views.resized_crop import ResizedCrop

N_FRAMES, N_BANDS = 101, 96


def draw(n: int, crop: ResizedCrop | None = None) -> dict[str, torch.Tensor]:
    return (crop or ResizedCrop()).draw(n, N_FRAMES, N_BANDS, torch.Generator().manual_seed(0))


def boxes_of(draws: dict[str, torch.Tensor]) -> list[tuple[int, int, int, int]]:
    names = ("first_frame", "first_band", "n_frames", "n_bands")
    return list(zip(*(draws[name].tolist() for name in names), strict=True))


def plain_stretch(box: list[list[float]], n_frames: int, n_bands: int) -> list[list[float]]:
    def neighbors(i: int, n_in: int, n_out: int) -> tuple[int, int, float]:
        position = min(max((i + 0.5) * n_in / n_out - 0.5, 0), n_in - 1)
        below = math.floor(position)
        return below, min(below + 1, n_in - 1), position - below

    result = []
    for t in range(n_frames):
        above, under, share_t = neighbors(t, len(box), n_frames)
        row = []
        for band in range(n_bands):
            left, right, share_b = neighbors(band, len(box[0]), n_bands)
            upper = (1 - share_b) * box[above][left] + share_b * box[above][right]
            lower = (1 - share_b) * box[under][left] + share_b * box[under][right]
            row.append((1 - share_t) * upper + share_t * lower)
        result.append(row)
    return result


def test_equals_the_definition_in_plain_loops() -> None:
    patches = torch.randn(2, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1))
    draws = draw(2)
    views = ResizedCrop().apply(patches, draws)
    for view, patch, (t, band, frames, bands) in zip(views, patches, boxes_of(draws), strict=True):
        box = patch[t : t + frames, band : band + bands].double().tolist()
        expected = torch.tensor(plain_stretch(box, N_FRAMES, N_BANDS))
        torch.testing.assert_close(view, expected, rtol=0, atol=1e-4)


def test_equals_interpolating_every_box_by_itself() -> None:
    patches = torch.randn(64, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1))
    crop = ResizedCrop(area=(0.05, 1.0), aspect=(0.2, 5.0))
    draws = draw(64, crop)
    views = crop.apply(patches, draws)
    for view, patch, (t, band, frames, bands) in zip(views, patches, boxes_of(draws), strict=True):
        box = patch[None, None, t : t + frames, band : band + bands]
        expected = F.interpolate(box, (N_FRAMES, N_BANDS), mode="bilinear", align_corners=False)
        torch.testing.assert_close(view, expected[0, 0], rtol=0, atol=1e-4)


def test_a_box_as_large_as_the_patch_changes_nothing() -> None:
    patches = torch.randn(2, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1))
    whole = {
        "first_frame": torch.zeros(2, dtype=torch.int64),
        "first_band": torch.zeros(2, dtype=torch.int64),
        "n_frames": torch.full((2,), N_FRAMES),
        "n_bands": torch.full((2,), N_BANDS),
    }
    assert torch.equal(ResizedCrop().apply(patches, whole), patches)


def test_no_value_outside_the_box_has_an_influence() -> None:
    patches = torch.full((100, N_FRAMES, N_BANDS), torch.nan)
    draws = draw(100)
    for patch, (t, band, frames, bands) in zip(patches, boxes_of(draws), strict=True):
        patch[t : t + frames, band : band + bands] = 0
    assert (ResizedCrop().apply(patches, draws) == 0).all()


@pytest.mark.parametrize(
    ("first", "size", "length"),
    [("first_frame", "n_frames", N_FRAMES), ("first_band", "n_bands", N_BANDS)],
)
def test_boxes_lie_anywhere_inside_the_patch(first: str, size: str, length: int) -> None:
    draws = draw(5000)
    of_one_size = draws[size] == length - 9
    assert set(draws[first][of_one_size].tolist()) == set(range(10))
    assert (draws[first] + draws[size] <= length).all()


def test_boxes_have_the_drawn_area_and_aspect() -> None:
    draws = draw(5000)
    area = draws["n_frames"] * draws["n_bands"] / (N_FRAMES * N_BANDS)
    aspect = draws["n_bands"] / draws["n_frames"]
    assert 0.79 < area.min() < 0.81
    assert area.max() <= 1
    low, high = torch.quantile(aspect, torch.tensor([0.05, 0.95]))
    assert 0.80 < low < 0.84  # what fits is close to the patch's own proportions
    assert 1.05 < high < 1.12


def test_about_59_percent_of_the_drawn_boxes_are_refused() -> None:
    class OneTry(ResizedCrop):
        n_tries = 1

    draws = draw(20_000, OneTry())
    whole = (draws["n_frames"] == N_FRAMES) & (draws["n_bands"] == N_BANDS)
    assert whole.float().mean().item() == pytest.approx(0.59, abs=0.015)


def test_tries_one_after_the_other_as_a_plain_loop_would() -> None:
    chance = random.Random(0)
    plain = []
    for _ in range(5000):
        box = (N_FRAMES, N_BANDS)
        for _ in range(10):
            area = chance.uniform(0.8, 1) * N_FRAMES * N_BANDS
            aspect = math.exp(chance.uniform(math.log(3 / 4), math.log(4 / 3)))
            frames, bands = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
            if 0 < frames <= N_FRAMES and 0 < bands <= N_BANDS:
                box = (frames, bands)
                break
        plain.append(box)
    expected = torch.tensor(plain).double()
    draws = draw(5000)
    sizes = torch.stack([draws["n_frames"], draws["n_bands"]], dim=1).double()
    torch.testing.assert_close(sizes.mean(0), expected.mean(0), rtol=0, atol=0.4)
    torch.testing.assert_close(sizes.std(0), expected.std(0), rtol=0, atol=0.3)


def test_uses_the_whole_patch_if_no_box_fits() -> None:
    draws = draw(10, ResizedCrop(area=(1.0, 1.0), aspect=(3.0, 3.0)))
    assert set(boxes_of(draws)) == {(0, 0, N_FRAMES, N_BANDS)}


@pytest.mark.parametrize("area", [(0.0, 1.0), (0.9, 0.8), (0.8, 1.1), (0.8,), (math.nan, 1.0)])
def test_refuses_an_impossible_area(area: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="area"):
        ResizedCrop(area=area)


@pytest.mark.parametrize("aspect", [(0.0, 1.0), (1.2, 0.8), (1.0, math.inf), (1.0, 1.0, 1.0)])
def test_refuses_an_impossible_aspect(aspect: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="aspect"):
        ResizedCrop(aspect=aspect)
