"""Cross-validation: training clips, scored clips, and the final classifier."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from soundalike.datasets.splits import Split
from soundalike.downstream.cross_validation import cross_validate, final_classifier
from soundalike.evaluation.temperature import tempered
from soundalike.evaluation.thresholds import calibrate_threshold

NOTHING = np.zeros(0, dtype=np.int64)
LABELS = np.arange(9) % 2
FOLDS = [
    Split(f"fold {n}", np.flatnonzero(np.arange(9) % 3 != n), NOTHING, np.arange(n, 9, 3))
    for n in range(3)
]


@dataclass
class Numbers:
    """Clips that know their numbers."""

    numbers: np.ndarray = field(default_factory=lambda: np.arange(9))

    def select(self, indices):
        return Numbers(self.numbers[indices])


class Recorder:
    """A classifier that refuses the clips it was fitted to."""

    def __init__(self, clips, split):
        self.split = split
        self.train = set(clips.select(split.train).numbers.tolist())

    def scores(self, clips):
        assert self.train.isdisjoint(clips.numbers.tolist())
        return np.stack([clips.numbers % 2 == 0, clips.numbers % 2], axis=1).astype(float)


def test_every_clip_is_scored_by_a_classifier_that_was_not_fitted_to_it():
    results = cross_validate(Numbers(), Recorder, FOLDS)
    assert sorted(results.clips) == list(range(9))
    assert (results.scores.argmax(axis=1) == LABELS[results.clips]).all()
    assert [classifier.split.name for classifier in results.classifiers] == [
        "fold 0", "fold 1", "fold 2"
    ]  # fmt: skip


def test_with_several_splits_the_final_classifier_is_fitted_to_all_test_clips():
    results = cross_validate(Numbers(), Recorder, FOLDS)
    final, _, threshold = final_classifier(Numbers(), LABELS, Recorder, FOLDS, results)
    assert final.train == set(range(9))
    assert threshold == calibrate_threshold(LABELS[results.clips], results.scores)


@pytest.mark.parametrize("validation", [NOTHING, np.array([6, 7])])
def test_with_one_split_nothing_is_fitted_twice(validation):
    split = Split("test", np.arange(6), validation, np.array([8]))
    results = cross_validate(Numbers(), Recorder, [split])
    final, _, threshold = final_classifier(Numbers(), LABELS, Recorder, [split], results)
    assert final is results.classifiers[0]
    assert threshold == calibrate_threshold(LABELS[results.clips], results.scores)


class ChosenByValidation(Recorder):
    """Knows the classes of its validation clips, which chose it, and guesses those of others."""

    def scores(self, clips):
        chose = np.isin(clips.numbers, self.split.validation)
        is_right = chose | (np.random.default_rng(0).random(len(clips.numbers)) < 0.6)
        return np.eye(2)[np.where(is_right, clips.numbers % 2, 1 - clips.numbers % 2)] * 0.9 + 0.05


def test_clips_that_chose_the_classifier_do_not_calibrate_it():
    """By the validation clips, every answer would be right; six in ten are."""
    labels = np.arange(300) % 2
    split = Split("test", np.arange(100), np.arange(100, 200), np.arange(200, 300))
    clips = Numbers(np.arange(300))
    results = cross_validate(clips, ChosenByValidation, [split])
    _, temperature, threshold = final_classifier(
        clips, labels, ChosenByValidation, [split], results
    )
    assert threshold > 1
    right = tempered(results.scores, temperature, is_multi_label=False).max(axis=1)
    assert right == pytest.approx(0.6, abs=0.1)
