"""Did pre-training help? A headline, and the sentence of numbers behind it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import balanced_accuracy

Classes = NDArray[np.integer[Any]]


def verdict(labels: Classes, ours: Classes, baselines: Mapping[str, Classes]) -> tuple[str, str]:
    """Say whether the pretrained encoder beats the baselines, and what cannot be told.

    It does where the whole 95% interval of the difference in balanced accuracy, over the same test
    clips, lies above zero.

    Args:
        labels: true class of each test clip.
        ours: classes predicted from the pretrained encoder.
        baselines: classes predicted from each of the others, by name.

    Shape:
        labels, ours, each of baselines: [clips].

    Returns:
        The headline and the sentence.
    """
    outcomes, comparisons = set(), []
    for baseline, theirs in baselines.items():
        gain = _gain(labels, ours, theirs)
        low, high = bootstrap_interval(_gain, labels, ours, theirs)
        if low > 0:
            outcomes.add("better")
            words = f"{100 * gain:.0f} points more than the {baseline} ({reach(low, high)})"
        elif high < 0:
            outcomes.add("worse")
            words = f"{-100 * gain:.0f} points less than the {baseline} ({reach(-high, -low)})"
        else:
            outcomes.add("open")
            words = f"not clearly different from the {baseline} ({reach(low, high)} points)"
        comparisons.append(words)
    if outcomes == {"better"}:
        headline = "Listening without labels helped."
    elif "better" in outcomes:
        headline = "Listening without labels helped, but not over everything."
    elif "worse" in outcomes:
        headline = "Listening without labels did not help."
    else:
        headline = "Too close to call."
    score = balanced_accuracy(labels, ours)
    low, high = bootstrap_interval(balanced_accuracy, labels, ours)
    sentence = (
        f"The pretrained encoder reaches {score:.0%} balanced accuracy on {len(labels):,} "
        f"test clips (95% interval {reach(low, high)}): {', and '.join(comparisons)}."
    )
    return headline, sentence


def reach(low: float, high: float) -> str:
    """An interval of shares in words, in per cent.

    >>> reach(-0.02, 0.06)
    '−2 to 6'
    """
    return f"{100 * low:.0f} to {100 * high:.0f}".replace("-", "−")


def _gain(labels: Classes, ours: Classes, theirs: Classes) -> float:
    return balanced_accuracy(labels, ours) - balanced_accuracy(labels, theirs)
