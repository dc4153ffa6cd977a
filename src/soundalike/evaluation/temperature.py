"""Temperature scaling: class probabilities that are right (Guo et al. 2017).

The prior of a linear classifier makes its probabilities too low; new recordings, unlike those that
it was trained on, make them too high. Both are mended by one number, which clips that were not
trained on choose. The order of a clip's classes stays.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax

from soundalike.evaluation.clip_scores import SMALLEST_PROBABILITY

# A few clips that are all right would ask for probabilities of 1, so the logarithm of a temperature
# has a normal prior with this standard deviation.
SPREAD = 0.5
LOGARITHMS = np.linspace(-3, 3, 301)  # of the temperatures to choose from


def tempered(
    probabilities: ArrayLike, temperature: float, is_multi_label: bool
) -> NDArray[np.float64]:
    """Divide the logits of class probabilities by a temperature.

    Args:
        probabilities: class probabilities.
        temperature: above 1 makes probabilities less sure, below 1 surer.
        is_multi_label: if true, classes can occur together, and each has its own logit.

    Shape:
        probabilities, result: [..., classes].

    >>> tempered([0.8, 0.2], 2.0, is_multi_label=False).round(3).tolist()
    [0.667, 0.333]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if temperature == 1:
        return p
    logits = np.log(np.maximum(p, SMALLEST_PROBABILITY))
    if is_multi_label:
        return expit((logits - np.log(np.maximum(1 - p, SMALLEST_PROBABILITY))) / temperature)
    return softmax(logits / temperature, axis=-1)


def fit_temperature(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the temperature at which the labels of clips are most likely.

    Args:
        labels: labels of clips that were not trained on.
        probabilities: class probabilities of these clips.

    Shape:
        labels: [clips] or [clips, classes]; probabilities: [clips, classes].
    """
    labels = np.asarray(labels)
    losses = []
    for logarithm in LOGARITHMS:
        p = tempered(probabilities, math.exp(logarithm), labels.ndim == 2)
        if labels.ndim == 2:
            likely = np.where(labels == 1, p, 1 - p)
        else:
            likely = p[np.arange(len(labels)), labels]
        likelihood = np.log(np.maximum(likely, SMALLEST_PROBABILITY)).sum()
        losses.append((logarithm / SPREAD) ** 2 / 2 - likelihood)
    return math.exp(LOGARITHMS[np.argmin(losses)])
