"""The score from which on a detector should answer yes, from the labels that it was trained on.

While there are few labels, the weak negatives outweigh them and no score is near 0.5. So the labels
choose: each of them is scored by a detector that was trained without it, and the threshold is
halfway between the mean of those that have the label and the mean of those that lack it.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.evaluation.logistic_regression import TrainingWindows, regularization_path
from soundalike.labeling.detector import PRECISION
from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES

MOST_FOLDS = 10
# With one example: so many standard deviations above the median of the windows without a label.
DEVIATIONS = 4.0
STD_OF_MAD = 1.4826  # standard deviation of a normal distribution by its median absolute deviation


def choose_threshold(
    train: TrainingWindows, known: NDArray[np.int8], logits: NDArray[np.floating]
) -> float:
    """Return the score from which on a detector should answer yes.

    If no window is known to lack the label, the median of those without a label stands for them.
    One example cannot be left out: then the threshold is far above most windows without a label,
    but not above the example.

    Args:
        train: what the detector was trained on.
        known: what is known of these windows.
        logits: of the scores of these windows.

    Shape:
        known, logits: [windows].
    """
    yes = logits[known == YES]
    rest = logits[known == UNKNOWN] if (known == UNKNOWN).any() else logits
    median = float(np.median(rest))
    if len(yes) > 1:
        held_out = _held_out_logits(train, known)
        no = held_out[known == NO]
        low = float(no.mean()) if len(no) else median
        threshold = (float(held_out[known == YES].mean()) + low) / 2
    else:
        std = STD_OF_MAD * float(np.median(np.abs(rest - median)))
        threshold = min(median + DEVIATIONS * std, float(yes.min()))
    return float(1 / (1 + np.exp(-threshold)))


def _held_out_logits(train: TrainingWindows, known: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the logits of labeled windows by detectors that were trained without them.

    Other windows have NaN.

    Shape:
        known, result: [windows].
    """
    yes, no = np.flatnonzero(known == YES), np.flatnonzero(known == NO)
    n_folds, fold = min(MOST_FOLDS, len(yes)), np.full(len(known), -1)
    for windows in (yes, no):
        fold[windows] = np.arange(len(windows)) % n_folds
    in_training = torch.from_numpy(fold[:, None] != np.arange(n_folds))
    ((_, theta),) = regularization_path(train, [PRECISION], in_training)
    logits = torch.einsum("wd,dfc->wf", train.x, theta).double().numpy()
    return np.where(fold >= 0, logits[np.arange(len(fold)), fold], np.nan)
