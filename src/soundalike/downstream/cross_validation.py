"""Score clips out of fold: each by a classifier that was not fitted to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.evaluation.temperature import fit_temperature, tempered
from soundalike.evaluation.thresholds import calibrate_threshold

Indices = NDArray[np.int64]


class Clips(Protocol):
    """Clips that a classifier can be fitted to: `Features`, or the `Store` of their log-mels."""

    def select(self, indices: Indices, /) -> "Clips":
        """Return some of the clips, in the order of `indices`."""
        ...


class Classifier(Protocol):
    """A fitted classifier."""

    def scores(self, clips: Any, /) -> NDArray[np.floating]:
        """Return the class scores of clips of the kind it was fitted to, [clips, classes]."""
        ...


C = TypeVar("C", bound=Clips)
K = TypeVar("K", bound=Classifier)
Fit = Callable[[C, Split], K]
"""Fits a classifier to the training clips of a split; its validation clips may choose the epoch."""


@dataclass(frozen=True)
class OutOfFold(Generic[K]):
    """The class scores of the test clips of all splits.

    Args:
        clips: positions of the test clips, split after split.
        scores: their class scores.
        classifiers: the fitted classifier of each split.

    Shape:
        clips: [test clips]; scores: [test clips, classes].
    """

    clips: Indices
    scores: NDArray[np.floating]
    classifiers: Sequence[K]


def cross_validate(
    clips: C,
    fit: Fit[C, K],
    splits: Sequence[Split],
    report: Callable[[], object] = lambda: None,
) -> OutOfFold[K]:
    """Fit a classifier in every split and score the split's test clips with it.

    Args:
        clips: features or log-mels of all clips.
        fit: fits a classifier to the training clips of a split.
        splits: the rounds, as `evaluation_splits` makes them.
        report: called when a split has its classifier.
    """
    classifiers, scores = [], []
    for split in splits:
        classifier = fit(clips, split)
        classifiers.append(classifier)
        report()
        scores.append(classifier.scores(clips.select(split.test)))
    tested = np.concatenate([split.test for split in splits])
    return OutOfFold(tested, np.concatenate(scores), classifiers)


def final_classifier(
    clips: C, labels: NDArray, fit: Fit[C, K], splits: Sequence[Split], results: OutOfFold[K]
) -> tuple[K, float, float]:
    """Return the classifier to save, and the temperature and threshold that calibrate it.

    With one split it is the classifier of that split. With several, it is fitted to the test clips
    of all of them. Temperature and threshold come from the out-of-fold scores of the test clips,
    since validation clips may have chosen the epoch already. The results of the evaluation do not
    depend on them. The threshold is one of probabilities with that temperature.

    Args:
        clips: features or log-mels of all clips.
        labels: of the clips, [clips] or [clips, classes].
        fit: fits a classifier to the training clips of a split.
        splits: the rounds.
        results: what `cross_validate` returned.
    """
    tested = labels[results.clips]
    temperature = fit_temperature(tested, results.scores)
    probabilities = tempered(results.scores, temperature, labels.ndim == 2)
    threshold = calibrate_threshold(tested, probabilities)
    if len(splits) == 1:
        return results.classifiers[0], temperature, threshold
    nothing = np.zeros(0, dtype=np.int64)
    final = fit(clips, Split("all folds", results.clips, nothing, nothing))
    return final, temperature, threshold
