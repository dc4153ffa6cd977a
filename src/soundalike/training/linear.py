"""The linear classifier that suits an ear as it is."""

import numpy as np
import torch

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.linear_probe import LinearProbe, fit_linear_probe
from soundalike.training.representations import Patches

# One over the variance of the normal distribution that the weights of a linear classifier are taken
# to come from, so that the fewer the clips, the more it counts. The paper's weight decay of 1e-4 is
# 0.1 on a thousand clips: it overfits some hundreds, log-mel statistics most of all, which would
# make them look weaker than they are.
PRIOR_PRECISION = 10.0


def fit_linear(
    train: Patches,
    labels: np.ndarray,
    n_classes: int,
    seed: int,
    validation: tuple[Patches, np.ndarray] | None = None,
) -> LinearProbe:
    """Fit a linear classifier to clips: to standardised h, but where a whitening by more did it.

    Args:
        train: patches of the training clips.
        labels: their classes, as `fit_linear_probe` takes them.
        n_classes: number of classes.
        seed: of the order of clips and the choice of patches.
        validation: the same of the clips that choose the epoch.
    """
    choosing = validation and (*_tensors(validation[0]), torch.from_numpy(validation[1]))
    return fit_linear_probe(
        *_tensors(train), torch.from_numpy(labels), n_classes, choosing,
        standardise=not train.is_whitened,
        weight_decay=PRIOR_PRECISION / max(1, len(labels)), decay_bias=False, seed=seed,
    )  # fmt: skip


def fit_linear_on(
    heard: Patches, labels: np.ndarray, n_classes: int, split: Split, seed: int
) -> LinearProbe:
    """Fit a linear classifier to the training clips of a split, validation choosing the epoch."""
    validation = None
    if len(split.validation):
        validation = heard.of(split.validation), labels[split.validation]
    return fit_linear(heard.of(split.train), labels[split.train], n_classes, seed, validation)


def linear_classifier(
    ear: SoundEncoder, store: Store, heard: Patches, split: Split, seed: int
) -> SoundClassifier:
    """Return the ear with the linear classifier that `evaluate` tests on a split."""
    clips = store.clips
    probe = fit_linear_on(heard, clips.labels(clips.classes), len(clips.classes), split, seed)
    classifier = SoundClassifier(ear, clips.classes, multi_label=clips.is_multi_label)
    take_over(probe, classifier)
    return classifier.to(ear.device).eval()


@torch.no_grad()
def take_over(probe: LinearProbe, classifier: SoundClassifier) -> None:
    """Give a classifier the weights of a linear probe of its ear."""
    classifier.linear.weight.copy_(probe.weight.T)
    classifier.linear.bias.copy_(probe.bias)


def _tensors(patches: Patches) -> tuple[torch.Tensor, torch.Tensor]:
    return patches.h, patches.clips
