"""Which classifier to train: the rule, and the measurements that come with the package."""

import itertools

import pandas as pd
import pytest

from soundalike.audit.advice import (
    OPTIONS,
    PLAIN,
    SIMPLEST_FIRST,
    advice_on_label_sets,
    advise,
    read_advice,
)
from soundalike.datasets.label_noise import KINDS

BY_NAME = ["accuracy", "above", "low", "high"]


def measured(kind="symmetric", noise=0.4, per_class=40, **methods):
    """Return the rows of a case from gains and their intervals; logistic regression has 0.6."""
    words = {"soft_labels": "soft labels", "nearest_neighbors": "nearest neighbors"}
    gains = {PLAIN: (0.0, 0.0, 0.0)} | {words.get(name, name): of for name, of in methods.items()}
    rows = [
        [per_class, kind, noise, name, 0.6 + gain, gain, low, high]
        for name, (gain, low, high) in gains.items()
    ]
    return pd.DataFrame(rows, columns=["labels_per_class", "kind", "noise", "method", *BY_NAME])


def test_the_simplest_method_that_ties_with_the_best_is_advised():
    table = measured(soft_labels=(0.05, 0.01, 0.09), elr=(0.08, 0.04, 0.12), lq=(0.03, 0.0, 0.06))
    advice = advise("symmetric", 0.4, 400, 10, table)
    assert advice.options == "--protocol linear --soft_labels"
    assert [score.method for score in advice.scores] == ["elr", "soft labels", "lq", PLAIN]
    assert advice.sentence == (
        "Train with soft labels (evaluate with --protocol linear --soft_labels): with 40% of "
        "labels wrong (spread over all classes), it was 5.0 points (1.0 to 9.0) more accurate "
        "than logistic regression; the loss elr may be better still."
    )
    table = measured(soft_labels=(0.05, 0.01, 0.09), elr=(0.12, 0.06, 0.18), lq=(0.03, 0.0, 0.06))
    advice = advise("symmetric", 0.4, 400, 10, table)
    assert advice.options == "--protocol linear --loss.name elr"
    assert advice.sentence.startswith("Train with the loss elr (evaluate with --protocol linear -")
    assert advice.sentence.endswith(
        "12.0 points (6.0 to 18.0) more accurate than logistic regression."
    )


def test_a_method_that_may_be_no_better_than_logistic_regression_is_not_advised():
    table = measured(soft_labels=(0.02, -0.01, 0.05), lq=(0.02, 0.01, 0.04), elr=(0.03, 0.01, 0.05))
    advice = advise("symmetric", 0.4, 400, 10, table)
    assert advice.options == "--protocol linear --loss.name lq"
    table = measured(soft_labels=(0.02, -0.01, 0.05), elr=(0.015, 0.005, 0.03))
    assert advise("symmetric", 0.4, 400, 10, table).options == "--protocol linear --loss.name elr"
    table = measured(elr=(0.009, 0.005, 0.02))
    assert advise("symmetric", 0.4, 400, 10, table).options == "--protocol linear", "under a point"


def test_where_nothing_helps_the_advice_says_so():
    table = measured(soft_labels=(-0.02, -0.05, 0.0), elr=(0.02, -0.01, 0.05))
    advice = advise("symmetric", 0.4, 400, 10, table)
    assert advice.options == "--protocol linear"
    assert advice.sentence == (
        "Train as usual (evaluate with --protocol linear): with 40% of labels wrong (spread over "
        "all classes), nothing measured is clearly better than logistic regression; the best was "
        "the loss elr, by 2.0 points (-1.0 to 5.0)."
    )
    table = measured(noise=0.0, elr=(-0.02, -0.05, 0.01))
    advice = advise("confusion", 0.03, 400, 10, table)
    assert "with right labels, nothing measured is clearly better" in advice.sentence
    assert advice.kind == "symmetric", "without wrong labels, their kind does not matter"


def test_nearest_neighbors_and_cross_entropy_are_measured_but_not_advised():
    table = measured(
        nearest_neighbors=(0.2, 0.1, 0.3), cross_entropy=(0.1, 0.05, 0.1), lq=(0.05, 0.02, 0.08)
    )
    advice = advise("symmetric", 0.4, 400, 10, table)
    assert [score.method for score in advice.scores[:2]] == ["nearest neighbors", "cross_entropy"]
    assert advice.options == "--protocol linear --loss.name lq"


def test_the_nearest_case_counts_and_a_far_one_is_said():
    cases = [
        measured(kind, noise, per_class, lq=(0.1 * noise, noise / 100, 0.2))
        for kind, noise, per_class in itertools.product(KINDS, (0.2, 0.4), (10, 40))
    ]
    table = pd.concat(cases)
    advice = advise("confusion", 0.33, 100, 5, table)
    assert (advice.kind, advice.noise, advice.labels_per_class) == ("confusion", 0.4, 10)
    assert advice.note == (
        "Measured on three sets of 10 to 20 classes, with about 10 labels a class."
    )
    advice = advise("out_of_vocabulary", 0.9, 3000, 10, table)
    assert (advice.kind, advice.labels_per_class) == ("out_of_vocabulary", 40)
    assert advice.note.endswith("40 labels a class; here, there are 300: compare for yourself.")


def test_soft_labels_come_with_a_warning_where_classes_are_mistaken_for_each_other():
    table = measured("confusion", soft_labels=(0.2, 0.1, 0.3))
    advice = advise("confusion", 0.4, 400, 10, table)
    assert advice.options == "--protocol linear --soft_labels"
    assert "Listen to a few first: where more than half of the labels of a class" in advice.note
    table = measured("symmetric", soft_labels=(0.2, 0.1, 0.3))
    assert "Listen" not in advise("symmetric", 0.4, 400, 10, table).note


def test_a_few_scores_are_shown():
    names = SIMPLEST_FIRST[::-1]
    gains = {name: (0.1 - 0.005 * rank, 0.01, 0.2) for rank, name in enumerate(names)}
    del gains[PLAIN]
    advice = advise("symmetric", 0.4, 400, 10, measured(**gains))
    names = [score.method for score in advice.shown]
    assert names == [*SIMPLEST_FIRST[:-4:-1], "soft labels", PLAIN]


def test_labels_of_several_classes_are_trained_on_as_usual():
    advice = advice_on_label_sets()
    assert advice.options == OPTIONS[PLAIN]
    assert advice.scores == advice.shown == []


def test_the_measurements_of_the_package_are_complete_and_lead_to_advice():
    table = read_advice()
    methods = {*SIMPLEST_FIRST, "nearest neighbors", "cross_entropy"}
    assert methods == set(table["method"])
    for _, case in table.groupby(["labels_per_class", "kind", "noise"]):
        assert sorted(case["method"]) == sorted(methods)
        assert case["accuracy"].between(0, 1).all()
        assert (case["low"] <= case["above"] + 1e-3).all()
        assert (case["above"] <= case["high"] + 1e-3).all()
        plain = case[case["method"] == PLAIN].iloc[0]
        expected = (case["accuracy"] - plain["accuracy"]).round(3).tolist()
        assert case["above"].round(3).tolist() == pytest.approx(expected, abs=2e-3)
    for kind, rate in itertools.product(KINDS, (0, 0.1, 0.2, 0.4, 0.6, 0.8)):
        advice = advise(kind, rate, 400, 10)
        assert advice.options in [score.options for score in advice.scores]
        assert abs(advice.noise - rate) <= 0.1 + 1e-9
