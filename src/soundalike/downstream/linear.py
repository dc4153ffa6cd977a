"""Linear classifiers of features: ours, which chooses its prior, and the paper's."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.held_out import held_out_losses
from soundalike.evaluation.linear_probe import LinearProbe, fit_linear_probe
from soundalike.evaluation.linear_sgd import SGDSettings

# Candidates for the precision, one over the variance, of the normal prior of the weights. A fixed
# weight decay such as the paper's 1e-4, which is a precision of 0.1 on a thousand clips, overfits a
# few hundred clips, log-mel statistics most of all. Correct labels favor the first, wrong labels a
# higher one.
PRIOR_PRECISIONS = (10.0, 30.0, 100.0, 300.0)
# The precision is chosen by cross-validation; this many clips suffice, and bound the time.
N_FOLDS = 5
N_CLIPS_FOR_PRIOR = 4096
# SGD with a learning rate of 0.1 and a momentum of 0.9 diverges at a weight decay of 38.
LARGEST_WEIGHT_DECAY = 10.0


@dataclass(frozen=True)
class LinearClassifier:
    """A linear classifier of the windows of clips.

    Args:
        probe: its weights.
    """

    probe: LinearProbe

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


def fit_linear(features: Features, split: Split, seed: int = 0) -> LinearClassifier:
    """Fit a linear classifier to the training clips; validation clips choose the epoch.

    Features are standardized unless already whitened. The precision of the prior is the one with
    the highest likelihood of held-out training clips: wrong labels need a stronger prior than
    correct ones, and their share is unknown. Clips of one recording are held out together.

    Args:
        features: of all clips.
        split: which clips train and validate.
        seed: random seed of the order of clips and the choice of windows.
    """
    settings = SGDSettings(decay_bias=False, seed=seed)
    standardize = not features.is_whitened
    some = np.random.default_rng(seed).permutation(split.train)[:N_CLIPS_FOR_PRIOR]
    precisions = [p for p in PRIOR_PRECISIONS if p <= LARGEST_WEIGHT_DECAY * len(some)]
    folds = stratified_folds(features.labels.values[some], N_FOLDS, seed, features.recordings[some])
    losses = held_out_losses(
        *_arrays(features, some), features.labels.n_classes, folds, precisions,
        standardize=standardize, settings=settings,
    )  # fmt: skip
    weight_decay = precisions[losses.argmin()] / len(split.train)
    return _fit(features, split, standardize, weight_decay, settings)


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
    return _fit(features, split, False, 1e-4, settings)


def _fit(
    features: Features, split: Split, standardize: bool, weight_decay: float, settings: SGDSettings
) -> LinearClassifier:
    validation = _arrays(features, split.validation) if len(split.validation) else None
    return LinearClassifier(
        fit_linear_probe(
            *_arrays(features, split.train),
            features.labels.n_classes,
            validation,
            standardize=standardize,
            weight_decay=weight_decay,
            settings=settings,
        )
    )


def _arrays(features: Features, clips: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Return vectors, clips and labels of some clips, as `fit_linear_probe` takes them."""
    some = features.select(clips)
    return some.vectors, some.clips, torch.from_numpy(some.labels.values)
