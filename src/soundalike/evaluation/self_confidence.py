"""What a classifier makes of each label, out of fold: the usual way to find wrong labels.

Self-confidence is the probability of a clip's own label, by logistic regression that was not fitted
to the clip (Northcutt et al., "Confident Learning", 2021). Labels count as they are, the wrong ones
too, so classes that are mistaken for each other often are confident mistakes.
"""

import numpy as np
from numpy.typing import NDArray

from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.soft_label_regression import SoftLabelRegression

N_FOLDS = 5
PRECISIONS = (0.1, 0.3, 1.0, 3.0)  # C = 10 to 1 / 3


def out_of_fold_probabilities(
    vectors: NDArray[np.float32],
    labels: NDArray[np.integer],
    recordings: NDArray[np.int64],
    n_classes: int,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the class probabilities of clips by logistic regression without them.

    The precision of the prior is the one at which the labels are most likely. A clip that cannot be
    held out, the only recording of its class, gets the same probability for each class.

    Args:
        vectors: of the clips, of unit length.
        labels: their labels, one class each.
        recordings: which recording each clip is of; those of one are held out together.
        n_classes: number of classes.
        seed: random seed of the folds.

    Shape:
        vectors: [clips, dim]; labels, recordings: [clips]; result: [clips, classes].
    """
    fold = stratified_folds(labels, N_FOLDS, seed, recordings)
    clips, one_hot = np.arange(len(labels)), np.eye(n_classes)[labels]
    if fold.max() < 1:  # nothing can be held out
        return np.full(one_hot.shape, 1 / n_classes)
    of_precisions = [
        SoftLabelRegression.of(vectors, fold, n_classes, precision).log_probabilities(one_hot)
        for precision in PRECISIONS
    ]
    return np.exp(max(of_precisions, key=lambda log_p: log_p[clips, labels].sum()))
