"""How many labels pre-training saves, in one sentence: where a baseline reaches the same score."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from soundalike.downstream.few_shot_curves import Curves
from soundalike.downstream.few_shot_methods import (
    FINETUNE,
    LINEAR,
    METHODS_IN_A_SENTENCE,
    OF_THE_MODEL,
)
from soundalike.evaluation.learning_curves import INTERVAL, labels_needed
from soundalike.runtime.counts import counted

USUAL_LABELS = 5  # per class: the point of the curve that the sentence is about, if it is there
Outcome = Literal["saves", "saves none", "unclear"]


@dataclass(frozen=True)
class LabelSaving:
    """What the model reaches with a few labels, and how many its baselines need for the same.

    Args:
        sentence: all of it in words.
        method: the method that stands for the model.
        labels: number of labels per class that the sentence is about; None for all.
        labels_per_class: the mean number of labels of a class.
        score: balanced accuracy of the model with them.
        interval: its 95% interval over recordings and draws.
        needed: how many labels per class each baseline needs for that score, interpolated between
            the numbers of labels; None if all that were tried are not enough.
        closest: the baseline that needs the fewest.
        saved: how many more labels per class it needs; None if it never reaches the score.
        saved_interval: 95% interval of that, each end None where the baseline never reaches it.
        outcome: whether the interval excludes that pre-training saves none; None without baselines.
    """

    sentence: str
    method: str
    labels: int | None
    labels_per_class: float
    score: float
    interval: list[float]
    needed: dict[str, float | None]
    closest: str | None = None
    saved: float | None = None
    saved_interval: list[float | None] | None = None
    outcome: Outcome | None = None


def label_saving(curves: Curves, is_shipped: bool = False, is_balanced: bool = True) -> LabelSaving:
    """Compare the model with a few labels to its baselines with more.

    Args:
        curves: one of them is of the model.
        is_shipped: If true, the model comes with the package.
        is_balanced: If true, all classes have as many test clips.
    """
    point = _usual_point(curves)
    row, amount = curves.methods.index(curves.model), float(curves.n_labels[point])
    low, high = curves.intervals()[:, row, point]
    result = LabelSaving(
        sentence="",
        method=curves.model,
        labels=curves.amounts[point],
        labels_per_class=amount,
        score=float(curves.scores[row, point]),
        interval=[float(low), float(high)],
        needed={},
    )
    rivals = [i for i, name in enumerate(curves.methods) if name not in OF_THE_MODEL]
    if rivals:
        needed = labels_needed(
            curves.n_labels, curves.scores[rivals], np.repeat(result.score, len(rivals))
        )
        # Of those that never reach it, the one that gets nearest.
        best = int(np.lexsort([-curves.scores[rivals].max(axis=1), needed])[0])
        resampled = labels_needed(
            curves.n_labels, curves.resamples[:, rivals[best]], curves.resamples[:, row, point]
        )
        # Both ends are values that occur: between a number and infinity, there is none.
        places = [math.ceil(share * len(resampled)) - 1 for share in INTERVAL]
        ends = np.sort(resampled - amount)[places]
        result = replace(
            result,
            needed={curves.methods[i]: _finite(n) for i, n in zip(rivals, needed, strict=True)},
            closest=curves.methods[rivals[best]],
            saved=_finite(needed[best] - amount),
            saved_interval=[_finite(end) for end in ends],
            outcome="saves" if ends[0] > 0 else "saves none" if ends[1] <= 0 else "unclear",
        )
    subject = "the shipped model" if is_shipped else "your model"
    answer = f"{subject} {_answer(result, curves, point, is_balanced)}"
    return replace(result, sentence=f"With {_labels(curves, point)} {answer}.")


def _usual_point(curves: Curves) -> int:
    """Return the position of the number of labels that is nearest to the usual one."""
    numbers = [math.inf if n is None else n for n in curves.amounts]
    distances = [abs(math.log(n / USUAL_LABELS)) for n in numbers]
    return int(np.argmin(distances))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _answer(result: LabelSaving, curves: Curves, point: int, is_balanced: bool) -> str:
    """Return the sentence without its subject and its full stop."""
    score, interval = _score(curves, result.method, point)
    verb = "names" if result.method == LINEAR else "is fine-tuned and names"
    answer = f"{verb} {score} of 100 clips right {interval}"
    if not is_balanced:
        answer += ", every class counting the same"
    if result.method == LINEAR and FINETUNE in curves.methods:
        answer += f", fine-tuned {' '.join(_score(curves, FINETUNE, point))}"
    if result.closest is not None:
        needs = [_needs(name, needed, curves) for name, needed in result.needed.items()]
        answer += f"; {', '.join(needs)}: {_saving(result, curves)}"
    if point < (last := len(curves.amounts) - 1):
        score, _ = _score(curves, result.method, last)
        is_named = curves.amounts[last] is None and None in result.needed.values()
        labels = "all of them" if is_named else _labels(curves, last)
        answer += f"; with {labels} the model names {score}"
    return answer


def _score(curves: Curves, method: str, point: int) -> tuple[str, str]:
    """Return a score, as clips of 100, and its interval."""
    row = curves.methods.index(method)
    ends = curves.intervals()[:, row, point]
    score, low, high = (f"{100 * value:.0f}" for value in (curves.scores[row, point], *ends))
    return score, f"({low}-{high})"


def _labels(curves: Curves, point: int) -> str:
    """Return a number of labels per class in words."""
    amount, n_labels = curves.amounts[point], float(curves.n_labels[point])
    if amount is not None:
        return f"{counted(amount, 'label')} a class"
    if n_labels == round(n_labels):
        return f"all {counted(round(n_labels), 'label')} a class"
    return f"all labels (about {round(n_labels):,} a class)"


def _needs(name: str, needed: float | None, curves: Curves) -> str:
    """Say how many labels a baseline needs."""
    baseline = METHODS_IN_A_SENTENCE[name]
    if needed is None:
        return f"{baseline} does not reach that with {_labels(curves, len(curves.amounts) - 1)}"
    if needed <= curves.n_labels[0]:
        return f"{baseline} needs no more than {round(needed):,} for that"
    return f"{baseline} needs about {round(needed):,} for that"


def _saving(result: LabelSaving, curves: Curves) -> str:
    """Say what the closest baseline shows: how many labels pre-training saves."""
    left = float(curves.n_labels[-1]) - result.labels_per_class
    most, most_labels = f"more than {round(left):,}", f"more than {counted(round(left), 'label')}"
    low, high = (most if end is None else _number(end) for end in result.saved_interval or [])
    if result.outcome == "saves none":
        return "pre-training saves no labels"
    if result.outcome == "unclear":
        return f"no clear saving of labels by pre-training ({low} to {high} a class)"
    if result.saved is None:
        if not left:
            return "without pre-training, that takes more labels than there are"
        interval = "" if low == most else f" (at least {low})"
        return f"pre-training saves {most_labels} a class{interval}"
    saved = round(result.saved)
    size = f"about {counted(saved, 'label')}" if saved else "less than 1 label"
    between = f"{low} to {high}" if high == most else f"{low}-{high}"
    return f"pre-training saves {size} a class ({between})"


def _number(value: float) -> str:
    """Return a number of labels; a clear saving does not seem to begin at zero."""
    return f"{value:.1g}" if 0 < value < 0.5 else f"{round(value):,}"
