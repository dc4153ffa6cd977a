"""Made-up scores whose verdict is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.claims import CLAIMS, Claim, Pair
from soundalike.paper.experiments import TABLES
from soundalike.paper.findings import Difference, compare, verdict
from soundalike.paper.results import read_cells, summarize

PATCHES, RANDOM, SAME = TABLES[0], "patch sampling/two at random", "patch sampling/same patch"
BESIDE, BETWEEN = (
    f"patch sampling/apart, {where}" for where in ("side by side", "a patch in between")
)


def claim(number):
    return next(claim for claim in CLAIMS if claim.number == number)


@pytest.fixture
def summaries(tmp_path_factory, made_up):
    def of(scores):
        out = tmp_path_factory.mktemp("made-up")
        made_up(out, scores)
        return summarize(read_cells(out))

    return of


def test_a_finding_holds_if_all_differences_are_clear(summaries):
    scores = summaries(
        {RANDOM: [0.63, 0.64, 0.66], SAME: [0.6, 0.61, 0.62], BESIDE: [0.5] * 3, BETWEEN: [0.6] * 3}
    )
    text = verdict(claim("1"), scores)
    assert text.startswith(
        "holds here: “two at random” is 3.3 points above “same patch” (1.9 to 4.8)"
    )
    assert text.endswith("“apart, a patch in between” (0.5 to 8.1).")


def test_a_finding_fails_if_one_difference_clearly_contradicts_it(summaries):
    scores = summaries({RANDOM: [0.6, 0.61, 0.6], SAME: [0.65, 0.65, 0.66], BESIDE: [0.1] * 3})
    text = verdict(claim("1"), scores)
    assert text.startswith("does not hold here: ")
    assert "5.0 points below “same patch” (2.5 to 7.5)" in text


@pytest.mark.parametrize(
    ("n_seeds", "level", "side"), [(2, 0.95, "open"), (5, 0.95, "open"), (6, 0.95, "above"),
                                   (6, 0.99, "open"), (8, 0.99, "above")]
)  # fmt: skip
def test_the_same_difference_with_a_few_seeds_may_be_chance(n_seeds, level, side):
    """Of eight test clips, one more is right: 12.5 points with every seed."""
    above, below = [dict.fromkeys(range(n_seeds), score) for score in (0.625 + 0.1, 0.5 + 0.1)]
    assert Difference.of(above, [below], level).side == side


def test_a_finding_is_undecided_if_seeds_disagree(summaries):
    scores = summaries({RANDOM: [0.6, 0.7, 0.65], SAME: [0.65, 0.6, 0.68], BESIDE: [0.1] * 3})
    assert verdict(claim("1"), scores).startswith("not decided by these seeds: ")


@pytest.mark.parametrize("number", [claim.number for claim in CLAIMS])
def test_one_seed_decides_nothing(summaries, number):
    rows = [f"{table.name}/{row.name}" for table in TABLES for row in table.rows]
    rng = np.random.default_rng(0)
    scores = summaries({row: rng.random(1) for row in rows})
    assert verdict(claim(number), scores) == "not decided: at least two seeds are needed."
    assert verdict(claim(number), {}) == "not decided: at least two seeds are needed."


def test_a_missing_row_leaves_a_finding_undecided_unless_another_refutes_it(summaries):
    better = {RANDOM: [0.7, 0.71, 0.7], SAME: [], BESIDE: [0.6] * 3, BETWEEN: [0.6] * 3}
    assert verdict(claim("1"), summaries(better)).startswith("not decided by these seeds: ")
    worse = better | {BESIDE: [0.9] * 3}
    assert verdict(claim("1"), summaries(worse)).startswith("does not hold here: ")


def test_effects_of_a_seed_on_both_rows_cancel(summaries):
    """Seeds differ by twenty points and the rows by one, with every seed."""
    seeds = np.array([0.4, 0.6, 0.5])
    above = seeds + np.array([0.01, 0.011, 0.009])
    scores = summaries({RANDOM: above, SAME: seeds, BESIDE: [], BETWEEN: []})
    only_same = Claim("x", "x", (Pair(RANDOM, (SAME,)),))
    assert verdict(only_same, scores).startswith("holds here: ")


def test_sensitive_is_a_difference_in_either_direction(summaries):
    alike = {"temperature/temperature 0.2": [0.5, 0.501, 0.499]}
    assert verdict(claim("5"), summaries(alike)).startswith("not decided by these seeds: ")
    higher = alike | {"temperature/temperature 0.5": [0.7, 0.702, 0.699]}
    assert verdict(claim("5"), summaries(higher)).startswith("holds here: ")


def test_many_comparisons_need_clearer_differences(summaries):
    """A difference that is clear by itself is not enough among six comparisons."""
    scores = summaries({"temperature/temperature 0.2": [0.52, 0.53, 0.515]})
    pair = next(pair for pair in claim("5").pairs if "temperature 0.5" in pair.below[0])
    assert verdict(Claim("x", "x", (pair,), any_difference=True), scores).startswith("holds here: ")
    assert verdict(claim("5"), scores).startswith("not decided by these seeds: ")


def test_most_is_more_than_half_of_what_labels_add(summaries):
    table = "linear evaluation"
    scores = {
        f"{table}/{name}, {start}": scores
        for name in ("VGG", "CRNN")
        for start, scores in {
            "untrained": [0.3, 0.31, 0.3],
            "from scratch": [0.7, 0.7, 0.71],
            "pretrained": [0.6, 0.61, 0.6],
        }.items()
    }
    assert verdict(claim("6b"), summaries(scores)).startswith("holds here: ")
    less = scores | {f"{table}/CRNN, pretrained": [0.4, 0.41, 0.4]}
    text = verdict(claim("6b"), summaries(less))
    assert text.startswith("does not hold here: ")
    assert "below the mean of “CRNN, untrained” and “CRNN, from scratch”" in text


def test_rows_with_the_same_name_are_named_with_their_table(summaries):
    text = verdict(claim("7a"), summaries({}))
    assert "“VGG, pretrained” in fine-tuning noisy is" in text
    assert "“VGG, pretrained” in fine-tuning clean is" in text


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=6),
    st.lists(st.floats(0, 1), min_size=2, max_size=6),
)
def test_a_reversed_difference_has_the_opposite_sign(above, below):
    a, b = dict(enumerate(above)), dict(enumerate(below))
    there, back = Difference.of(a, [b]), Difference.of(b, [a])
    n_seeds = min(len(a), len(b))
    assert there.by_seed == pytest.approx([a[seed] - b[seed] for seed in range(n_seeds)])
    assert there.interval == pytest.approx(t_interval(there.by_seed))
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))
    assert {there.side, back.side} in ({"above", "below"}, {"open"})
    assert there.points == back.points


def test_sentences_name_the_table(summaries):
    scores = summaries({RANDOM: [0.6, 0.61, 0.6], SAME: [0.55, 0.56, 0.54], BESIDE: [0.7] * 3,
                      BETWEEN: [0.5, 0.7, 0.6]})  # fmt: skip
    assert compare(PATCHES, scores["patch sampling"]) == (
        "“two at random”, the paper's choice, is clearly above “same patch” (by 5.3 points, 3.9 to "
        "6.8); clearly below “apart, side by side” (by 9.7 points, 8.2 to 11.1); not clearly "
        "different from “apart, a patch in between”."
    )
    alone = summaries({RANDOM: [0.6], SAME: [0.5], BESIDE: [], BETWEEN: []})["patch sampling"]
    assert compare(PATCHES, alone) == "Not decided: at least two seeds are needed."
