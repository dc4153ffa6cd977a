"""Cross-validated loss of linear classifiers, to choose the strength of their prior."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import SMALLEST_PROBABILITY, clip_scores
from soundalike.evaluation.linear_probe import mean_and_std, one_hot_labels
from soundalike.evaluation.linear_sgd import PAPER_SGD, SGDSettings, train_linear


def held_out_losses(
    h: Tensor,
    clips: Tensor,
    labels: Tensor,
    n_classes: int,
    fold: NDArray[np.int64],
    precisions: Sequence[float],
    *,
    standardize: bool = True,
    settings: SGDSettings = PAPER_SGD,
) -> NDArray[np.float64]:
    """Return the cross-validated loss of a linear classifier for each precision of its prior.

    The prior of the weights is a normal distribution with mean 0. Its precision divided by the
    number of training clips is the weight decay. Each fold is scored by a classifier trained on the
    other folds. The classifiers of all folds and precisions train side by side on the same batches;
    each ignores the clips of its own fold.

    Args:
        h: embeddings of all patches.
        clips: clip of each patch.
        labels: labels of the clips.
        n_classes: number of classes.
        fold: fold of each clip, counted from 0; -1 for a clip that is always trained on and never
            scored.
        precisions: inverse variances of the prior to compare.
        standardize: if true, standardize features by the mean and standard deviation of all
            patches.
        settings: settings of the training.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes]; fold: [clips];
        result: [precisions].

    Returns:
        Mean negative log likelihood of the labels of held-out clips; zeros if no clip is held out.
    """
    folds = np.unique(fold[fold >= 0])
    if not len(folds):
        return np.zeros(len(precisions))
    is_multi_label = labels.ndim == 2
    in_training = torch.from_numpy(fold[:, None] != folds)
    weight_decays = torch.tensor(precisions)[:, None] / in_training.sum(dim=0)
    if standardize:
        mean, std = mean_and_std(h)
        h = (h - mean) / std
    targets = one_hot_labels(labels, n_classes).to(h.dtype)
    epochs = train_linear(
        h, clips, targets, weight_decays.flatten(), is_multi_label=is_multi_label,
        in_training=in_training.repeat(1, len(precisions)).to(h.device), settings=settings,
    )  # fmt: skip
    *_, last = epochs

    losses = []
    classifiers = last.unflatten(1, weight_decays.shape).unbind(dim=2)
    for number, theta in zip(folds, classifiers, strict=True):
        is_tested = torch.from_numpy(fold == number).to(h.device)[clips]
        test_clips, clip_of_patch = clips[is_tested].unique(return_inverse=True)
        logits = torch.einsum("nd,dpc->pnc", h[is_tested], theta[:-1]) + theta[-1][:, None]
        of_patches = class_probabilities(logits, is_multi_label).cpu().numpy()
        scores = np.stack([clip_scores(each, clip_of_patch.cpu().numpy()) for each in of_patches])
        losses.append(_losses(scores, targets[test_clips].cpu().numpy(), is_multi_label))
    return np.concatenate(losses, axis=1).mean(axis=1)


def _losses(
    scores: NDArray[np.floating], targets: NDArray[np.floating], is_multi_label: bool
) -> NDArray[np.floating]:
    """Return negative log likelihoods: [..., clips, classes], [clips, classes] -> [..., clips]."""
    log_likelihood = targets * np.log(np.maximum(scores, SMALLEST_PROBABILITY))
    if is_multi_label:
        log_likelihood += (1 - targets) * np.log(np.maximum(1 - scores, SMALLEST_PROBABILITY))
    return -log_likelihood.sum(axis=-1)
