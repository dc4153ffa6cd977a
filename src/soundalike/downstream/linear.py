"""Linear classifiers of features: ours, which chooses its prior, and the paper's."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.linear_probe import LinearProbe
from soundalike.evaluation.linear_sgd import SGDSettings, fit_by_sgd
from soundalike.evaluation.logistic_regression import (
    held_out_losses,
    regularization_path,
    training_windows,
)
from soundalike.runtime.hardware import best_device

# Candidates for the precision, one over the variance, of the normal prior of the weights. Correct
# labels favor the first, wrong labels a higher one. A weaker prior often makes held-out clips more
# likely but has not classified them better.
PRIOR_PRECISIONS = (10.0, 30.0, 100.0, 300.0)
# A stronger prior outweighs a few training clips, which are too few to show that it should.
LARGEST_PRECISION_PER_CLIP = 10.0
N_FOLDS = 5


@dataclass(frozen=True)
class LinearClassifier:
    """A linear classifier of the windows of clips.

    Args:
        probe: its weights.
        epoch: epoch that the weights come from, if validation clips chose one.
        known: tells the classes from other sounds, each against the rest. The highest of its scores
            says how much a clip is like the classes.
        precision: inverse variance of the prior, if there is one.
    """

    probe: LinearProbe
    epoch: int | None = None
    known: "LinearClassifier | None" = None
    precision: float | None = None

    def scores(self, features: Features) -> NDArray[np.floating]:
        """Return class probabilities, [clips, classes]: the mean over the windows of each clip."""
        probabilities = self.probe.probabilities(features.vectors)
        return clip_scores(probabilities.numpy(), features.clips.numpy())

    @torch.no_grad()
    def copy_to(self, classifier: SoundClassifier) -> SoundClassifier:
        """Copy the weights to the linear layer of a classifier of sounds, and return that."""
        classifier.linear.weight.copy_(self.probe.weight.T)
        classifier.linear.bias.copy_(self.probe.bias)
        return classifier


def fit_linear(
    features: Features,
    split: Split,
    seed: int = 0,
    *,
    targets: Tensor | None = None,
    clip_weights: Tensor | None = None,
) -> LinearClassifier:
    """Fit logistic regression to the training clips; held-out ones choose the prior.

    Features are standardized unless already whitened. The precision of the prior is the one with
    the highest likelihood of held-out training clips: wrong labels need a stronger prior than
    correct ones, and their share is unknown. Clips of one recording are held out together.
    Validation clips are not used: a score of a few hundred clips is too coarse to choose by.

    If the features have a background and clips have one label each, one regression per class
    against the other classes and the background is fitted, too, with the same prior.

    Targets that were estimated from the labels are no measure of the prior, since they would favor
    a weak one: the labels themselves choose it.

    Args:
        features: of all clips.
        split: which clips train.
        seed: random seed of the folds of held-out clips.
        targets: of the training clips, probabilities of the classes; by default their labels.
        clip_weights: how much each of them counts; by default 1.

    Shape:
        targets: [training clips, classes]; clip_weights: [training clips].
    """
    features = features.select(split.train)
    device, labels = best_device(), features.labels
    vectors, clips = features.vectors.to(device), features.clips.to(device)
    one_hot = torch.from_numpy(labels.one_hot()).to(device)
    targets = one_hot if targets is None else targets.to(device)
    weights = None if clip_weights is None else clip_weights.to(device)
    labeled = training_windows(
        vectors, clips, one_hot,
        is_multi_label=labels.is_multi_label,
        standardize=not features.is_whitened, clip_weights=weights,
    )  # fmt: skip
    precisions = [p for p in PRIOR_PRECISIONS if p <= LARGEST_PRECISION_PER_CLIP * len(labels)]
    fold = stratified_folds(labels.values, N_FOLDS, seed, features.recordings)
    losses = held_out_losses(labeled, fold, precisions)
    precision = min(losses, key=losses.__getitem__)
    train = replace(labeled, targets=targets.to(labeled.targets))
    ((_, theta),) = regularization_path(train, [precision])
    known = None
    if features.background is not None and not labels.is_multi_label:
        others = features.background.to(device)
        clips_of_others = len(labels) + torch.arange(len(others), device=device)
        if weights is not None:
            weights = torch.cat([weights, weights.new_ones(len(others))])
        with_others = training_windows(
            torch.cat([vectors, others]), torch.cat([clips, clips_of_others]),
            torch.cat([targets, targets.new_zeros(len(others), labels.n_classes)]),
            is_multi_label=True, standardize=not features.is_whitened, clip_weights=weights,
        )  # fmt: skip
        ((_, one_against_rest),) = regularization_path(with_others, [precision])
        known = LinearClassifier(with_others.probe(one_against_rest), precision=precision)
    return LinearClassifier(train.probe(theta), known=known, precision=precision)


def fit_paper_linear(
    features: Features, split: Split, seed: int = 0, n_epochs: int = 200
) -> LinearClassifier:
    """Fit the linear classifier of Fonseca et al. 2021, to features that are not standardized.

    SGD with learning rate 0.1, a tenth of it after 40% and again after 80% of the epochs, weight
    decay 1e-4. Validation clips choose the epoch.

    Args:
        features: of all clips; the paper's windows start half a patch apart.
        split: which clips train and validate.
        seed: random seed of the order of clips and the choice of windows.
        n_epochs: passes over the clips; 200 in the paper.
    """
    milestones = (round(0.4 * n_epochs), round(0.8 * n_epochs))
    settings = SGDSettings(n_epochs=n_epochs, milestones=milestones, seed=seed)
    validation = _arrays(features, split.validation) if len(split.validation) else None
    probe, epoch = fit_by_sgd(
        *_arrays(features, split.train), features.labels.n_classes, validation, settings
    )
    return LinearClassifier(probe, epoch)


def _arrays(features: Features, clips: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Return vectors, clips and labels of some clips, as `fit_by_sgd` takes them."""
    some = features.select(clips)
    return some.vectors, some.clips, torch.from_numpy(some.labels.values)
