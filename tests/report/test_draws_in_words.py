"""Draws of augmentations in words, in the units of sound."""

import re
from pkgutil import resolve_name

import pytest
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.recipes.recipe import read_recipe
from soundalike.report.draws_in_words import FILLS, WORDS, Axes, draws_in_words
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.views import AUGMENTATIONS

AXES = Axes(LogMel(), n_frames=101)
NO_MASKS = {"first_band": [], "n_bands": [], "first_frame": [], "n_frames": []}


def words(name, settings=None, **draws):
    draws = {key: torch.tensor(value) for key, value in draws.items()}
    return draws_in_words(name, draws, settings or {}, AXES)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_is_described_without_frames_and_bands(name):
    settings = read_recipe("default", PRETRAINING, {f"views.{name}": {}})["views"][name]
    generator = torch.Generator().manual_seed(0)
    draws = resolve_name(AUGMENTATIONS[name])(**settings).draw(8, 101, 96, generator)
    descriptions = [
        draws_in_words(name, {key: value[view] for key, value in draws.items()}, settings, AXES)
        for view in range(8)
    ]
    assert name in WORDS
    assert not any(re.search("frame|band|std|sigma|factor|_", text) for text in descriptions)
    assert all(re.fullmatch(r"[\w., ;:()-]+", text) for text in descriptions)
    assert len(set(descriptions)) > 1, "another draw, other words"


def test_times_are_in_seconds():
    assert words("time_shift", shift=12) == "0.12 s later; the end wraps around to the start"
    assert words("time_shift", shift=0) == words("time_shift", shift=101) == "not shifted"
    assert words("reversal", reversed=True) == "reversed in time"
    assert words("reversal", reversed=False) == "not reversed"


def test_a_shift_of_bands_is_an_interval():
    expected = (
        "up: 1 kHz becomes 1.19 kHz (3.0 semitones); above 8.69 kHz wraps around to the bottom"
    )
    assert words("frequency_shift", shift=5) == expected
    assert words("frequency_shift", shift=96) == "not shifted"
    far = words("frequency_shift", shift=90)  # 1 kHz would leave the axis
    assert re.match(r"up: \d+ Hz becomes 10.1 kHz", far)


def test_a_crop_is_a_box_in_seconds_and_hertz():
    box = {"first_frame": 3, "n_frames": 90, "first_band": 10, "n_bands": 80}
    expected = "0.03-0.93 s, 400 Hz-8.4 kHz, stretched to the whole picture"
    assert words("resized_crop", **box) == expected
    whole = {"first_frame": 0, "n_frames": 101, "first_band": 0, "n_bands": 96}
    assert words("resized_crop", **whole) == "the whole patch"
    low = words("resized_crop", **whole | {"n_bands": 20})
    assert low.startswith("0.00-1.00 s, 67-733 Hz, ")


def test_masks_name_what_is_masked_and_with_what_it_is_filled():
    masks = {
        "first_band": [0, 60],
        "n_bands": [0, 12],
        "first_frame": [10, 95],
        "n_frames": [20, 6],
    }
    warp = {"warp_from": 40, "warp_to": 52}
    masked = f"masked 3-4.53 kHz, 0.10-0.30 s, 0.95-1.00 s ({FILLS['mean']})"
    settings = {"warp_frames": 0, "fill": "mean"}
    assert words("spec_augment", settings, **masks, **warp) == masked
    settings["warp_frames"] = 20
    both = f"0.40 s moved to 0.52 s; {masked}"
    assert words("spec_augment", settings, **masks, **warp) == both
    still = words("spec_augment", settings, warp_from=40, warp_to=40, **NO_MASKS)
    assert still == "nothing masked"


def test_levels_are_in_decibels():
    assert words("compression", factor=0.81) == "10 dB becomes 8.1 dB"
    assert words("noise", std=0.0062, seed=7) == "levels changed at random by about 0.062 dB"


def test_a_blur_has_a_width_in_time_and_in_frequency():
    assert words("blur", sigma=1.5) == "by about 15 ms and, at 1 kHz, 53 Hz"
    assert words("blur", sigma=0.0) == "not blurred"


def test_an_augmentation_without_words_is_described_by_its_draws():
    assert words("new", turn_angle=0.5, n_turns=3, seed=9) == "turn angle 0.5, n turns 3"
