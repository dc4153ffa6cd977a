"""The linear classifier that suits a model as it is."""

import numpy as np
import torch

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.features import Features
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.held_out import held_out_losses
from soundalike.evaluation.linear_probe import LinearProbe, fit_linear_probe
from soundalike.evaluation.linear_sgd import SGDSettings

# One over the variance of the normal distribution that the weights of a linear classifier are taken
# to come from, so that the fewer the clips, the more it counts. The paper's weight decay of 1e-4 is
# 0.1 on a thousand clips: it overfits some hundreds, log-mel statistics most of all, which would
# make them look weaker than they are. Labels that are right want the first, wrong ones more.
PRIOR_PRECISIONS = (10.0, 30.0, 100.0, 300.0)
# By the likelihood of clips that were held out; so many clips tell, and no set takes long.
N_FOLDS = 5
N_CLIPS_TO_CHOOSE_BY = 4096
# SGDSettings by steps of 0.1 with a momentum of 0.9 diverges at 38.
LARGEST_WEIGHT_DECAY = 10.0


def fit_linear(
    heard: Features, labels: np.ndarray, n_classes: int, split: Split, seed: int
) -> LinearProbe:
    """Fit a linear classifier to the training clips of a split, validation choosing the epoch.

    To standardized h; but not where a whitening, by more than these clips, has done that. The prior
    of the weights is the one that makes held-out training clips likeliest: wrong labels want a
    narrower one than right ones, and nobody knows how many are wrong.

    Args:
        heard: patches of all clips.
        labels: their classes, as `fit_linear_probe` takes them.
        n_classes: number of classes.
        split: which clips train and choose.
        seed: of the order of clips and the choice of patches.
    """
    standardize = not heard.is_whitened
    settings = SGDSettings(decay_bias=False, seed=seed)
    some = np.random.default_rng(seed).permutation(split.train)[:N_CLIPS_TO_CHOOSE_BY]
    precisions = [p for p in PRIOR_PRECISIONS if p <= LARGEST_WEIGHT_DECAY * len(some)]
    losses = held_out_losses(
        *labeled(heard, labels, some), n_classes, stratified_folds(labels[some], N_FOLDS, seed),
        precisions, standardize=standardize, settings=settings,
    )  # fmt: skip
    return fit_linear_probe(
        *labeled(heard, labels, split.train), n_classes,
        labeled(heard, labels, split.validation) if len(split.validation) else None,
        standardize=standardize, weight_decay=precisions[losses.argmin()] / len(split.train),
        settings=settings,
    )  # fmt: skip


def labeled(
    heard: Features, labels: np.ndarray, clips: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return h of the patches of some clips, which of these clips each is of, and their labels."""
    chosen = heard.of(clips)
    return chosen.h, chosen.clips, torch.from_numpy(labels[clips])


def linear_classifier(
    model: SoundEncoder, store: Store, heard: Features, split: Split, seed: int
) -> SoundClassifier:
    """Return the model with the linear classifier that `evaluate` tests on a split."""
    labels = store.clips.labels()
    probe = fit_linear(heard, labels.values, labels.n_classes, split, seed)
    classifier = SoundClassifier(model, labels.classes, multi_label=labels.is_multi_label)
    take_over(probe, classifier)
    return classifier.to(model.device).eval()


@torch.no_grad()
def take_over(probe: LinearProbe, classifier: SoundClassifier) -> None:
    """Give a classifier the weights of a linear probe of its model."""
    classifier.linear.weight.copy_(probe.weight.T)
    classifier.linear.bias.copy_(probe.bias)
