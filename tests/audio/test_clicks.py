"""Clicks, by their definition in loops; what they do to levels is tested with the levels."""

from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.clicks import Click, find_click


def decibels(value: float) -> float:
    return 10 ** (value / 20)


def click_by_loops(peaks: list[float]) -> Click | None:
    """Return what `find_click` should return."""
    peak = max(peaks)
    loud = [index for index, value in enumerate(peaks) if value >= peak / decibels(18)]
    start, end = loud[0] - 1, loud[-1] + 2  # with the frames beside them
    if peak == 0 or loud[-1] + 1 - loud[0] > 15 or start < 5 or end > len(peaks) - 5:
        return None
    rest = max(peaks[:start] + peaks[end:])
    burst = [index for index in range(start, end) if peaks[index] > rest]
    start, end = burst[0], burst[-1] + 1
    if peak > decibels(30) * rest:
        return None
    before, after = peaks[:start], peaks[end:]
    medians = [median(part) for part in (before[-20:], before[-5:], after[:5], after[:20])]
    medians = [max(value, decibels(-20) * rest) for value in medians]
    if max(medians) > decibels(9) * min(medians):
        return None
    if any(value < decibels(-6) * peak for value in peaks[start + 1 : end - 1]):
        return None
    around = max([*before[-20:], *after[:20], decibels(-20) * rest])
    return Click(start, end, peak, rest, around)


SOUND = st.lists(st.floats(0.0625, 0.25, width=32), min_size=4, max_size=30)
ANY = st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.2, 2.0, 4.0]), max_size=4)


@given(SOUND, ANY, st.integers(0, 17), st.floats(0.5, 8, width=32), ANY, SOUND)
def test_the_click_is_that_of_its_definition(
    before: list[float],
    rise: list[float],
    n: int,
    peak: float,
    fall: list[float],
    after: list[float],
) -> None:
    peaks = [*before, *rise, *([peak] * n), *fall, *after]
    assert find_click(np.array(peaks)) == click_by_loops(peaks)


@given(st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=40))
def test_any_peaks_are_taken(peaks: list[float]) -> None:
    assert find_click(np.array(peaks)) == click_by_loops(peaks)


RAIN = [0.08, 0.1, 0.09, 0.07] * 10


@pytest.mark.parametrize(
    ("n_frames", "height_db", "is_click"),
    [
        (1, 20, True), (10, 20, True), (15, 20, True), (16, 20, False),  # a sound of its own
        (10, 17, False), (10, 19, True), (10, 29, True), (10, 31, False),
    ],
)  # fmt: skip
def test_a_click_is_short_and_much_louder_than_the_sound_that_goes_on(
    n_frames: int, height_db: float, is_click: bool
) -> None:
    peaks = RAIN + [0.1 * decibels(height_db)] * n_frames + RAIN
    assert (find_click(np.array(peaks)) is not None) == is_click


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], RAIN),  # the start of a recording
        (RAIN, [0.09] * 3),  # its end
        (RAIN, [0.02] * 20 + RAIN),  # another sound begins
        (RAIN, [0.1 * decibels(-2 * index) for index in range(20)] + RAIN),  # it decays
        (RAIN, RAIN + [1.0] * 10 + RAIN),  # two knocks
        ([0.0] * 40, [0.0] * 40),
    ],
    ids=["start", "end", "another sound", "decay", "twice", "silence"],
)
def test_what_is_no_click(before: list[float], after: list[float]) -> None:
    assert find_click(np.array([*before, *([1.0] * 10), *after])) is None
