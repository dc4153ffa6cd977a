"""Learning curves of several methods, from the answers of their classifiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.few_shot_draws import Draw, amount_name, labels_per_class
from soundalike.downstream.few_shot_methods import FINETUNE, LINEAR
from soundalike.evaluation.learning_curves import INTERVAL, resampled_balanced_accuracy

Answers = dict[str, list[NDArray[np.int64]]]
"""By method, the classes given to the test clips of each draw, in the order of the draws."""


@dataclass(frozen=True)
class CurvePoint:
    """The score of a method with a number of labels: the mean over the draws.

    Args:
        method: a key of `METHODS`.
        labels: number of labels per class; None for all.
        labels_per_class: the mean number of labels of a class, which is less where a class has
            fewer training clips.
        score: balanced accuracy.
        interval: its 95% interval over recordings and draws.
        lead: score of the model minus this one, with as many labels; None for the model itself.
        lead_interval: its paired 95% interval: the same clips and the same draws.
    """

    method: str
    labels: int | None
    labels_per_class: float
    score: float
    interval: list[float]
    lead: float | None = None
    lead_interval: list[float] | None = None


@dataclass(frozen=True)
class Curves:
    """Learning curves of several methods.

    Args:
        methods: their names.
        amounts: numbers of labels per class, ascending; None for all.
        n_labels: the mean number of labels of a class, which is less where classes are small.
        scores: balanced accuracies.
        resamples: the same for resamples of clips and draws.
        n_recordings: number of recordings that are tested.

    Shape:
        n_labels: [points]; scores: [methods, points]; resamples: [resamples, methods, points].
    """

    methods: list[str]
    amounts: list[int | None]
    n_labels: NDArray[np.floating]
    scores: NDArray[np.floating]
    resamples: NDArray[np.floating]
    n_recordings: int

    @property
    def model(self) -> str:
        """The method that stands for the model: the linear classifier, if it is there."""
        return LINEAR if LINEAR in self.methods else FINETUNE

    def intervals(self) -> NDArray[np.floating]:
        """Return the 95% intervals of the scores: [2, methods, points].

        If every clip is right in every draw, all resamples are alike; the interval is then the
        exact one of the recordings (Clopper and Pearson 1934).
        """
        low, high = np.quantile(self.resamples, INTERVAL, axis=0)
        exact = INTERVAL[0] ** (1 / self.n_recordings)  # `binomial_interval`, in closed form
        return np.stack([np.where(np.isclose(self.scores, 1), exact, low), high])

    def points(self) -> list[CurvePoint]:
        """Return the points of all curves, with their intervals and their distance to the model."""
        model = self.methods.index(self.model)
        intervals, leads = self.intervals(), self.scores[model] - self.scores
        differences = self.resamples[:, model : model + 1] - self.resamples
        lead_intervals = np.quantile(differences, INTERVAL, axis=0)
        points = []
        for row, method in enumerate(self.methods):
            for place, amount in enumerate(self.amounts):
                at, lead = (row, place), {}
                if row != model:
                    ends = lead_intervals[:, row, place].tolist()
                    lead = {"lead": float(leads[at]), "lead_interval": ends}
                interval, n_labels = intervals[:, row, place].tolist(), self.n_labels[place]
                score = float(self.scores[at])
                points.append(CurvePoint(method, amount, float(n_labels), score, interval, **lead))
        return points


def curves_of(
    answers: Answers,
    amounts: list[int | None],
    store: Store,
    splits: Sequence[Split],
    seed: int = 0,
) -> Curves:
    """Return the curves of some answers, with the resamples that make their intervals.

    Args:
        answers: of every draw: seed by seed, amount by amount, fold by fold.
        amounts: numbers of labels per class.
        store: the labeled clips.
        splits: the folds.
        seed: random seed of the resamples.
    """
    labels, tested = store.clips.labels().values, np.concatenate([s.test for s in splits])
    predictions = np.stack([np.concatenate(of_method) for of_method in answers.values()])
    predictions = predictions.reshape(len(answers), -1, len(amounts), len(tested))
    is_correct = (predictions == labels[tested]).swapaxes(1, 2)
    recordings, n_of_class = store.recordings[tested], np.bincount(labels[tested])
    weights = 1 / n_of_class[labels[tested]] / np.count_nonzero(n_of_class)
    return Curves(
        list(answers),
        amounts,
        np.array([labels_per_class(n, splits, labels) for n in amounts]),
        is_correct.mean(axis=2) @ weights,
        resampled_balanced_accuracy(is_correct, labels[tested], seed=seed, recordings=recordings),
        len(np.unique(recordings)),
    )


def answer_table(
    answers: Answers, draws: Sequence[Draw], labels: NDArray[np.integer]
) -> pd.DataFrame:
    """Return a row for each method and draw: how many test clips are right.

    Args:
        answers: of every draw.
        draws: the draws.
        labels: class of every clip.

    Shape:
        labels: [clips].
    """
    rows: list[dict[str, Any]] = []
    for method, of_method in answers.items():
        for draw, of_draw in zip(draws, of_method, strict=True):
            is_correct = of_draw == labels[draw.split.test]
            rows.append(
                {
                    "method": method,
                    "labels": amount_name(draw.n_labels),
                    "seed": draw.seed,
                    "fold": draw.split.name.removeprefix("fold "),
                    "n_train": len(draw.split.train),
                    "n_test": len(is_correct),
                    "n_right": int(is_correct.sum()),
                    "accuracy": float(is_correct.mean()),
                }
            )
    return pd.DataFrame(rows)
