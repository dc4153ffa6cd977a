"""Tables as plain numbers: every interval has both ends, its method and its number of seeds."""

import json
from dataclasses import asdict

import pytest

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.experiments import TABLES
from soundalike.paper.results import Cell, summarize
from soundalike.paper.table_results import table_result, was_run

PATCHES = TABLES[0]
SCORES = {"two at random": [0.63, 0.64, 0.66], "same patch": [0.6], "apart, side by side": []}


@pytest.fixture(scope="module")
def result():
    cells = [
        Cell("patch sampling", row, seed, score=score, metric="balanced accuracy", seconds=2.0)
        for row, scores in SCORES.items()
        for seed, score in enumerate(scores)
    ]
    cells.append(Cell("patch sampling", "apart, side by side", 0, failed="too hot"))
    return table_result(PATCHES, summarize(cells)["patch sampling"], cells, is_conclusive=True)


def test_intervals_are_complete(result):
    rows = {row.name: row for row in result.rows}
    best = rows["two at random"]
    assert (best.lower, best.upper) == pytest.approx(t_interval(SCORES["two at random"]))
    assert (best.method, best.n_seeds, best.seeds) == ("Student's t over seeds", 3, [0, 1, 2])
    assert best.is_reference
    one = rows["same patch"]
    assert (one.mean, one.lower, one.upper, one.n_seeds) == (0.6, None, None, 1)
    assert one.method == "none: it takes two seeds"


def test_a_row_that_failed_says_why_and_others_are_named(result):
    failed = result.rows[-1]
    assert (failed.name, failed.mean, failed.missing) == ("apart, side by side", None, "failed")
    assert failed.failures == ["too hot"]
    assert result.not_run == ["apart, a patch in between"]
    assert (result.metric, result.name) == ("balanced accuracy", "patch sampling")


def test_it_is_json(result):
    assert json.loads(json.dumps(asdict(result))) == asdict(result)


def test_without_scores_nothing_is_said_but_the_reference_is_there():
    summaries = summarize([Cell("patch sampling", "same patch", 0, failed="too hot")])
    result = table_result(PATCHES, summaries["patch sampling"], [], is_conclusive=False)
    assert (result.metric, result.sentence) == ("score", "")
    assert [row.missing for row in result.rows] == ["failed", "not run"]
    assert not was_run(summaries["patch sampling"]["two at random"])
