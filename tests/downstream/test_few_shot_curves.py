"""Curves from answers, against the metrics of single evaluations."""

import numpy as np
import pytest

from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream.few_shot_curves import answer_table, curves_of
from soundalike.downstream.few_shot_draws import draws
from soundalike.evaluation.intervals import binomial_interval
from soundalike.evaluation.metrics import balanced_accuracy

AMOUNTS, SEEDS, METHODS = [1, 3, None], [4, 5], ["linear", "log_mel"]


@pytest.fixture(scope="module")
def splits(store):
    return evaluation_splits(store)


@pytest.fixture(scope="module")
def labels(store):
    return store.clips.labels().values


@pytest.fixture(scope="module")
def every_draw(store, splits, labels):
    return list(draws(splits, labels, store.recordings, AMOUNTS, SEEDS))


@pytest.fixture(scope="module")
def answers(every_draw):
    rng = np.random.default_rng(0)
    return {name: [rng.integers(3, size=len(d.split.test)) for d in every_draw] for name in METHODS}


@pytest.fixture(scope="module")
def curves(answers, store, splits):
    return curves_of(answers, AMOUNTS, store, splits)


def test_a_score_is_the_mean_of_the_balanced_accuracies_of_its_seeds(
    curves, answers, every_draw, labels
):
    for row, name in enumerate(METHODS):
        for place, amount in enumerate(AMOUNTS):
            scores = []
            for seed in SEEDS:
                own = [
                    (draw.split.test, of_draw)
                    for draw, of_draw in zip(every_draw, answers[name], strict=True)
                    if (draw.seed, draw.n_labels) == (seed, amount)
                ]
                tested, predictions = (np.concatenate(parts) for parts in zip(*own, strict=True))
                scores.append(balanced_accuracy(labels[tested], predictions))
            assert curves.scores[row, place] == pytest.approx(np.mean(scores))
    assert curves.resamples.mean(axis=0) == pytest.approx(curves.scores, abs=0.03)


def test_points_have_a_paired_lead(curves):
    points = curves.points()
    assert [(p.method, p.labels) for p in points] == [(m, n) for m in METHODS for n in AMOUNTS]
    assert [p.labels_per_class for p in points[:3]] == pytest.approx([1, 3, 6.4])
    for ours, theirs in zip(points[:3], points[3:], strict=True):
        assert ours.lead is None
        assert theirs.lead == pytest.approx(ours.score - theirs.score)
        assert theirs.lead_interval[0] <= theirs.lead <= theirs.lead_interval[1]
        assert ours.interval[0] <= ours.score <= ours.interval[1]


def test_the_model_is_its_linear_classifier_or_else_fine_tuned(answers, store, splits):
    (one, two) = answers.values()
    assert curves_of({"finetune": one, "log_mel": two}, AMOUNTS, store, splits).model == "finetune"
    assert curves_of({"linear": two, "finetune": one}, AMOUNTS, store, splits).model == "linear"


def test_the_table_has_a_row_for_each_method_and_draw(answers, every_draw, labels, curves):
    table = answer_table(answers, every_draw, labels)
    assert len(table) == 2 * len(every_draw)
    assert table["labels"].unique().tolist() == ["1", "3", "all"]
    assert sorted(table["fold"].unique()) == ["1", "2", "3", "4", "5"]
    assert (table["n_train"][:5] == 3).all()
    assert table["accuracy"].tolist() == pytest.approx(
        (table["n_right"] / table["n_test"]).tolist()
    )
    # The classes are of one size, so the balanced accuracy is the accuracy.
    sums = table.groupby(["method", "labels"])[["n_right", "n_test"]].sum()
    assert curves.scores.ravel() == pytest.approx((sums["n_right"] / sums["n_test"]).tolist())


def test_all_right_is_no_proof_of_perfection(store, splits, every_draw, labels):
    perfect = {"linear": [labels[draw.split.test] for draw in every_draw]}
    (point, *_) = curves_of(perfect, AMOUNTS, store, splits).points()
    assert point.score == pytest.approx(1)
    assert point.interval == pytest.approx(binomial_interval(24, 24), abs=0.01)
