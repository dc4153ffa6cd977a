"""Whether pre-training helped: a headline, and a sentence with the numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import balanced_accuracy
from soundalike.runtime.counts import counted

Classes = NDArray[np.integer[Any]]


def compare(labels: Classes, ours: Classes, baselines: Mapping[str, Classes]) -> tuple[str, str]:
    """Compare the pretrained encoder with the baselines in words.

    It is better if the whole 95% interval of the difference in balanced accuracy, paired over the
    test clips, lies above zero.

    Args:
        labels: true class of each test clip.
        ours: classes predicted from the pretrained encoder.
        baselines: classes predicted from each baseline, by its name.

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
            words = f"{100 * gain:.0f} points above the {baseline} ({percent_range(low, high)})"
        elif high < 0:
            outcomes.add("worse")
            words = f"{-100 * gain:.0f} points below the {baseline} ({percent_range(-high, -low)})"
        else:
            outcomes.add("open")
            words = f"not clearly different from the {baseline} ({percent_range(low, high)} points)"
        comparisons.append(words)
    if outcomes == {"better"}:
        headline = "Pre-training without labels helped."
    elif "better" in outcomes:
        headline = "Pre-training helped against some baselines."
    elif "worse" in outcomes:
        headline = "Pre-training did not help."
    else:
        headline = "Too close to call."
    score = balanced_accuracy(labels, ours)
    low, high = bootstrap_interval(balanced_accuracy, labels, ours)
    sentence = (
        f"The pretrained encoder reaches {score:.0%} balanced accuracy on "
        f"{counted(len(labels), 'test clip')} (95% interval {percent_range(low, high)}): "
        f"{', and '.join(comparisons)}."
    )
    return headline, sentence


def percent_range(low: float, high: float) -> str:
    """Return an interval of shares in percent.

    >>> percent_range(-0.02, 0.06)
    '−2 to 6'
    """
    return f"{100 * low:.0f} to {100 * high:.0f}".replace("-", "−")


def _gain(labels: Classes, ours: Classes, theirs: Classes) -> float:
    return balanced_accuracy(labels, ours) - balanced_accuracy(labels, theirs)
