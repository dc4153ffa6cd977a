"""Advice on clips that a front end leaves out, and that the advice helps."""

import numpy as np
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.cli.recipe_options import parse_values, split_overrides
from soundalike.datasets.outside_band import advice, is_above, is_below
from soundalike.recipes.recipe import read_recipe
from soundalike.training.construction import check_recipe
from soundalike.training.pretraining_recipe import PRETRAINING

BAT, DOG, WHALE = (0.0, 0.97, 24000.0, 52000.0), (0.6, 0.1, 20.0, 12000.0), (0.95, 0.0, 10.0, 60.0)
SILENCE = (np.nan,) * 4


def advice_on(*bands: tuple[float, ...]) -> list[str]:
    return advice([f"{n}.wav" for n in range(len(bands))], np.array(bands), LogMel())


def test_clips_above_are_named_counted_and_get_options() -> None:
    assert advice_on(DOG, BAT, BAT, BAT, SILENCE) == [
        "1.wav and 2 more: 97% of the energy is above 10,500 Hz, which the model does not see. For "
        "one that does, pretrain with --front_end.sample_rate 192000 --front_end.fmax 58000"
    ]


def test_clips_below_get_a_front_end_ten_times_as_low() -> None:
    (line,) = advice_on(WHALE)
    assert line.startswith("0.wav: 95% of the energy is below 50 Hz")
    assert line.endswith(
        "--front_end.sample_rate 2205 --front_end.fmin 5 --front_end.fmax 1050 "
        "--front_end.min_duration_s 10 --training.segment_s 100"
    )


@pytest.mark.parametrize("band", [BAT, WHALE])
def test_pretrain_takes_the_options(band: tuple[float, ...]) -> None:
    (line,) = advice_on(band)
    words, options = split_overrides(line.partition("pretrain with ")[2].split())
    recipe = read_recipe("default", PRETRAINING, parse_values(options))
    assert words == []
    check_recipe(recipe, LogMel(**recipe["front_end"]))


def test_rumble_and_silence_are_not_worth_a_line() -> None:
    assert advice_on(DOG, SILENCE) == []


@pytest.mark.parametrize("band", [BAT, WHALE])
def test_one_clip_of_many_gets_options_too(band: tuple[float, ...]) -> None:
    """The table of `scan` says that they are below it."""
    (line,) = advice_on(*[DOG] * 96, band)
    assert line.startswith("96.wav: 9")
    assert "--front_end.sample_rate" in line


def test_clips_outside_are_marked() -> None:
    bands = np.array([BAT, DOG, WHALE, SILENCE])
    assert is_above(bands).tolist() == [True, False, False, False]
    assert is_below(bands).tolist() == [False, False, True, False]


@pytest.mark.parametrize("highest", [11000.0, 15990.0, 22050.0, 47000.0, 95000.0, 249000.0, 3e6])
def test_the_options_are_a_valid_front_end_that_reaches_the_energy(highest: float) -> None:
    (line,) = advice_on((0.0, 1.0, highest / 2, highest))
    words = line.split()
    options = {words[i][len("--front_end.") :]: words[i + 1] for i in (-4, -2)}
    rate, fmax = int(options["sample_rate"]), float(options["fmax"])
    if rate < 2**20:
        LogMel(sample_rate=rate, fmax=fmax)
    assert rate / 2 >= fmax >= 0.98 * highest


def test_the_options_tell_bats_apart() -> None:
    """With the default front end both calls are silence."""
    rate = 384000
    time_s = np.arange(rate // 4) / rate
    calls = [np.sin(2 * np.pi * f * time_s).astype(np.float32) for f in (25000, 50000)]
    front_end = LogMel(sample_rate=192000, fmax=58000, min_duration_s=0.1)
    bands = [front_end.of_clip(call[::2]).mean(axis=0).argmax() for call in calls]
    assert bands[1] > bands[0] + 5
