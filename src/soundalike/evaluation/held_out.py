"""How well linear classifiers do on clips that they did not learn from, by the prior they have."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.evaluation.clip_scores import SMALLEST_PROBABILITY, clip_scores
from soundalike.evaluation.linear_descent import PAPER_SGD, SGDSettings, descend, probabilities
from soundalike.evaluation.linear_probe import as_targets, mean_and_std


def stratified_folds(labels: NDArray[np.integer], n_folds: int, seed: int) -> NDArray[np.int64]:
    """Deal clips into folds at random, those of each class as evenly as can be.

    Args:
        labels: class of each clip, or which of several it has; these are dealt as if all alike.
        n_folds: at least 2.
        seed: of the order.

    Shape:
        labels: [clips] or [clips, classes]; result: [clips].

    Returns:
        Each clip's fold, from 0; -1, none, for the only clip of a class.

    >>> stratified_folds(np.array([0, 0, 0, 1, 1, 2]), n_folds=2, seed=0).tolist()
    [1, 0, 0, 1, 0, -1]
    """
    # Not scikit-learn's StratifiedKFold, which wants a class of as many clips as there are folds.
    kinds = labels if labels.ndim == 1 else np.zeros(len(labels), dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[kinds[order].argsort(kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % n_folds
    fold[np.bincount(kinds)[kinds] == 1] = -1
    return fold


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
    """Cross-validate the precision of the prior that the weights of a linear classifier have.

    The clips of a fold are scored by a classifier that learned from all others, with the precision
    over their number as weight decay. The classifiers of all folds and precisions learn side by
    side, from the same batches, each from the clips in them that are its own.

    Args:
        h: embeddings of all patches.
        clips: which clip each patch was cut from, counted from 0.
        labels: class of each clip, or 1 where the clip has the class and 0 where not.
        n_classes: number of classes.
        fold: of each clip, counted from 0; -1 for one that all learn from and none scores.
        precisions: one over the variance of the normal distribution that weights come from.
        standardize: whether features are first standardized by all of these patches.
        settings: how the classifiers learn.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes]; fold: [clips];
        result: [precisions].

    Returns:
        Of each precision minus the mean log probability of what is known of a held-out clip: its
        class, or of each class whether it is there. Zeros where no clip is held out.
    """
    folds = np.unique(fold[fold >= 0])
    if not len(folds):
        return np.zeros(len(precisions))
    is_multi_label = labels.ndim == 2
    learns_from = torch.from_numpy(fold[:, None] != folds)
    weight_decays = torch.tensor(precisions)[:, None] / learns_from.sum(dim=0)
    if standardize:
        mean, std = mean_and_std(h)
        h = (h - mean) / std
    targets = as_targets(labels, n_classes).to(h.dtype)
    for theta in descend(
        settings, h, clips, targets, is_multi_label, weight_decays.flatten(),
        learns_from.repeat(1, len(precisions)).to(h.device),
    ):  # fmt: skip
        last = theta

    losses = []
    of_folds = last.unflatten(1, weight_decays.shape).unbind(dim=2)
    for k, theta in zip(folds, of_folds, strict=True):
        patches = torch.from_numpy(fold == k).to(h.device)[clips]
        held_out, clip_of_patch = clips[patches].unique(return_inverse=True)
        logits = torch.einsum("nd,dpc->pnc", h[patches], theta[:-1]) + theta[-1][:, None]
        of_patches = probabilities(logits, is_multi_label).cpu().numpy()
        scores = np.stack([clip_scores(each, clip_of_patch.cpu().numpy()) for each in of_patches])
        losses.append(_losses(scores, targets[held_out].cpu().numpy(), is_multi_label))
    return np.concatenate(losses, axis=1).mean(axis=1)


def _losses(
    scores: NDArray[np.floating], targets: NDArray[np.floating], is_multi_label: bool
) -> NDArray[np.floating]:
    """Minus the log probability of the targets: [..., clips, classes] to [..., clips]."""
    known = targets * np.log(np.maximum(scores, SMALLEST_PROBABILITY))
    if is_multi_label:
        known += (1 - targets) * np.log(np.maximum(1 - scores, SMALLEST_PROBABILITY))
    return -known.sum(axis=-1)
