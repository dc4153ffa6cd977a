"""Which classifier to train where labels may be wrong, as far as it has been measured.

``advice.csv`` has a row for each number of labels per class, kind and share of wrong labels
(`soundalike.datasets.label_noise`), and method: the accuracy of a classifier on the embeddings of
the model that comes with soundalike, the mean over three sets of sounds, and how far it is above
logistic regression, with a 95% interval. `experiments/noisy_labels.py` writes it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.label_noise import Kind
from soundalike.runtime.counts import counted

ADVICE = Path(__file__).with_name("advice.csv")
PLAIN, SOFT_LABELS = "logistic regression", "soft labels"
OPTIONS = {
    PLAIN: "--protocol linear",
    SOFT_LABELS: "--protocol linear --soft_labels",
    "nearest neighbors": "--protocol knn",
}
"""Of `soundalike evaluate`; any other method is the name of a loss."""
SIMPLEST_FIRST = (
    PLAIN, SOFT_LABELS,  # one fit, without settings
    "label_smoothing", "mixup", "lq", "soft_bootstrapping", "hard_bootstrapping",
    "symmetric_cross_entropy",  # by SGD, one batch at a time
    "loss_pruning", "forward_correction", "elr",  # remember earlier steps
    "co_training",  # two classifiers
)  # fmt: skip
"""The methods that may be advised.

Nearest neighbors save no classifier, and cross entropy by SGD is logistic regression once more.
"""
SMALLEST_GAIN = 0.01  # that is worth another method
IN_WORDS: dict[Kind, str] = {
    "symmetric": "spread over all classes",
    "confusion": "each class mistaken for one other",
    "out_of_vocabulary": "sounds of none of the classes",
}
FAR = 2.5  # factor between the labels per class of a source and those measured


@dataclass(frozen=True)
class MethodScore:
    """What a method reached.

    Args:
        method: its name.
        options: of `soundalike evaluate`.
        accuracy: the mean over the sets.
        gain: how far this is above logistic regression.
        interval: of the gain, 95%.
    """

    method: str
    options: str
    accuracy: float
    gain: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Advice:
    """A method for training with the labels of a source, and what the advice stands on.

    Args:
        sentence: what to train, and what that gains.
        options: of `soundalike evaluate`.
        kind: kind of the wrong labels that were measured, the nearest to those of the source.
        noise: their share.
        labels_per_class: number of labels of each class.
        note: what was measured, and whether the source is far from it.
        scores: of all methods in this case, the best first; empty if nothing was measured.
    """

    sentence: str
    options: str
    kind: Kind
    noise: float
    labels_per_class: int
    note: str
    scores: list[MethodScore]

    @property
    def shown(self) -> list[MethodScore]:
        """The best methods, the one that is recommended, and logistic regression."""
        return [
            score
            for rank, score in enumerate(self.scores)
            if rank < 3 or score.options == self.options or score.method == PLAIN
        ]


def advise(
    kind: Kind,
    noise_rate: float,
    n_labels: int,
    n_classes: int,
    measurements: pd.DataFrame | None = None,
) -> Advice:
    """Return the method to train with, for clips with one label each.

    It is the simplest one that is clearly better than logistic regression and not clearly behind
    the best: it gains a point or more, its interval excludes zero, and its gain lies within the
    interval of the best one's. The case is the nearest that was measured.

    Args:
        kind: of the wrong labels.
        noise_rate: their share of all labels, in [0, 1].
        n_labels: number of labels.
        n_classes: number of classes.
        measurements: a table like `read_advice`, which it is by default.
    """
    table = read_advice() if measurements is None else measurements
    per_class = n_labels / max(1, n_classes)
    case = _nearest_case(table, kind, noise_rate, per_class)
    scores = [
        MethodScore(
            row.method, options_of(row.method), row.accuracy, row.above, (row.low, row.high)
        )
        for row in case.sort_values("accuracy", ascending=False, kind="stable").itertuples()
    ]
    best, chosen = _best_and_simplest(scores)
    first = case.iloc[0]
    measured = int(first["labels_per_class"])
    return Advice(
        _sentence(best, chosen, first["kind"], first["noise"]),
        chosen.options,
        first["kind"],
        float(first["noise"]),
        measured,
        _note(measured, per_class, kind, chosen),
        scores,
    )


def advice_on_label_sets() -> Advice:
    """Return the advice for clips with several labels, for which nothing was measured."""
    sentence = (
        f"Train as usual (evaluate with {OPTIONS[PLAIN]}): which method is best with wrong labels "
        "has been measured for clips with one label only."
    )
    return Advice(sentence, OPTIONS[PLAIN], "symmetric", 0.0, 0, "", [])


def options_of(method: str) -> str:
    """Return the options of `soundalike evaluate` that train with a method.

    >>> options_of("lq")
    '--protocol linear --loss.name lq'
    """
    return OPTIONS.get(method, f"--protocol linear --loss.name {method}")


@cache
def read_advice() -> pd.DataFrame:
    """Return the table: labels_per_class, kind, noise, method, accuracy, above, low, high."""
    return pd.read_csv(ADVICE)


def _nearest_case(
    table: pd.DataFrame, kind: Kind, noise_rate: float, per_class: float
) -> pd.DataFrame:
    """Return the rows of the nearest case; without wrong labels, they are of no kind."""
    sizes = table["labels_per_class"].unique()
    size = sizes[np.abs(np.log(sizes / per_class)).argmin()]
    table = table[table["labels_per_class"] == size]
    shares = table["noise"].unique()
    share = shares[np.abs(shares - noise_rate).argmin()]
    kind = kind if share > 0 else "symmetric"
    return table[(table["kind"] == kind) & (table["noise"] == share)]


def _best_and_simplest(scores: list[MethodScore]) -> tuple[MethodScore, MethodScore]:
    by_name = {score.method: score for score in scores if score.method in SIMPLEST_FIRST}
    best = max(by_name.values(), key=lambda score: score.accuracy)
    enough = [
        name
        for name, score in by_name.items()
        if score.interval[0] > 0 and score.gain >= max(SMALLEST_GAIN, best.interval[0])
    ]
    return best, by_name[min(enough, key=SIMPLEST_FIRST.index, default=PLAIN)]


def _sentence(best: MethodScore, chosen: MethodScore, kind: Kind, noise: float) -> str:
    case = f"with {noise:.0%} of labels wrong ({IN_WORDS[kind]})" if noise else "with right labels"
    if chosen.method == PLAIN:
        of_best = "" if best == chosen else f"; the best was {_named(best)}, by {_points(best)}"
        return (
            f"Train as usual (evaluate with {chosen.options}): {case}, nothing measured is clearly "
            f"better than logistic regression{of_best}."
        )
    tie = "" if best == chosen else f"; {_named(best)} may be better still"
    return (
        f"Train with {_named(chosen)} (evaluate with {chosen.options}): {case}, it was "
        f"{_points(chosen)} more accurate than logistic regression{tie}."
    )


def _note(measured: int, per_class: float, kind: Kind, chosen: MethodScore) -> str:
    labels = counted(measured, "label")
    note = f"Measured on three sets of 10 to 20 classes, with about {labels} a class"
    if max(measured / per_class, per_class / measured) > FAR:
        note += f"; here, there are {per_class:,.0f}: compare for yourself"
    if kind == "confusion" and chosen.method == SOFT_LABELS:
        note += (
            ". Listen to a few first: where more than half of the labels of a class are the same "
            "wrong one, no audit can tell, and soft labels make it worse"
        )
    return f"{note}."


def _points(score: MethodScore) -> str:
    low, high = (100 * end for end in score.interval)
    return f"{100 * score.gain:.1f} points ({low:.1f} to {high:.1f})"


def _named(score: MethodScore) -> str:
    return score.method if score.method in OPTIONS else f"the loss {score.method}"
