"""Tables as plain numbers: every interval has both ends, its method and its number of seeds."""

import json
from dataclasses import asdict

import pytest

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.experiments import TABLES, WRONG_LABELS
from soundalike.paper.results import Cell, summarize
from soundalike.paper.table_results import table_result, was_run
from soundalike.paper.wrong_labels import UNVERIFIED, WRONG

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


def of_wrong_labels(metric, **rates):
    cells = [
        Cell(
            "wrong labels", "pretrained, audit", seed, 0.9, metric,
            **{name: values[seed] for name, values in rates.items()},
        )
        for seed in (0, 1)
    ]  # fmt: skip
    cells.append(Cell("wrong labels", "pretrained, self-confidence", 0, 0.8, metric))
    summaries = summarize(cells)["wrong labels"]
    return table_result(WRONG_LABELS, summaries, cells, is_conclusive=False)


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        (
            {"noise_rate": [0.3, 0.4], "true_noise_rate": [0.4, 0.4]},
            "35.0% of the labels are wrong (40.0% are).",
        ),
        (
            {"noise_rate": [0.5, 0.6], "noise_rate_verified": [0.01, 0.03]},
            "55.0% of the labels that nobody verified are wrong, and 2.0% of the verified ones.",
        ),
    ],
)
def test_a_note_says_what_an_audit_estimates(rates, sentence):
    _, estimate = of_wrong_labels(WRONG, **rates).notes
    assert estimate == f"“pretrained, audit” estimates that {sentence}"


def test_a_note_says_how_to_read_the_score(result):
    assert result.notes == []
    assert of_wrong_labels(WRONG).notes[0].startswith("The score is the share of pairs of a wrong")
    (note,) = of_wrong_labels(UNVERIFIED).notes
    assert note.endswith("a perfect audit has 75%.")
    assert of_wrong_labels(WRONG).reference_is == "the reference"
    assert result.reference_is == "the paper's choice"


def test_it_is_json(result):
    assert json.loads(json.dumps(asdict(result))) == asdict(result)


def test_without_scores_nothing_is_said_but_the_reference_is_there():
    summaries = summarize([Cell("patch sampling", "same patch", 0, failed="too hot")])
    result = table_result(PATCHES, summaries["patch sampling"], [], is_conclusive=False)
    assert (result.metric, result.sentence) == ("score", "")
    assert [row.missing for row in result.rows] == ["failed", "not run"]
    assert not was_run(summaries["patch sampling"]["two at random"])
