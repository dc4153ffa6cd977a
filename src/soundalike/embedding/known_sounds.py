"""What makes a classifier answer "none of these": how much a sound is like its classes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundalike.evaluation.conformal import conformal_threshold
from soundalike.evaluation.linear_probe import LinearProbe

# Embeddings of one window differ by rounding, by far less than this share of their variance.
SAME_SOUND = 1e-3


def unrelated(background: Tensor, vectors: Tensor) -> Tensor:
    """Return the background sounds that are none of the labeled ones, by their embeddings.

    A labeled clip in the background would contradict its label, or be trained on though it is held
    out. Of a model that was trained on the labeled clips, they may be the whole background.

    Args:
        background: embeddings of sounds.
        vectors: embeddings of the windows of labeled clips.

    Shape:
        background, result: [sounds, dim]; vectors: [windows, dim].
    """
    variance = (vectors - vectors.mean(dim=0)).square().sum(dim=1).mean()
    distances = torch.cdist(background, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    return background[distances.amin(dim=1).square() > SAME_SOUND * variance]


class KnownSounds(nn.Module):
    """One classifier per class, against all other sounds, and its scores of held-out clips.

    The probabilities of a softmax sum to one, so a sound of none of the classes gets one of them. A
    classifier of one class against the rest may refuse it, in particular if unrelated sounds, the
    background of the model, were among the rest. The score of a clip is the highest of these
    probabilities, each averaged over its windows.

    Args:
        dim: size of an embedding.
        n_classes: number of classes.
        n_held_out: number of held-out clips.

    Shape:
        vectors: [windows, dim]; result: [windows, classes].
    """

    held_out: Tensor

    def __init__(self, dim: int, n_classes: int, n_held_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, n_classes)
        self.register_buffer("held_out", torch.zeros(n_held_out))

    @classmethod
    @torch.no_grad()
    def of(cls, probe: LinearProbe, held_out: NDArray[np.floating]) -> "KnownSounds":
        """Return the classifier with these weights and scores of held-out clips."""
        dim, n_classes = probe.weight.shape
        known = cls(dim, n_classes, len(held_out))
        known.linear.weight.copy_(probe.weight.T)
        known.linear.bias.copy_(probe.bias)
        known.held_out.copy_(torch.from_numpy(np.sort(held_out)))
        return known

    def forward(self, vectors: Tensor) -> Tensor:
        """Return how much windows are like each class, from 0 to 1."""
        return self.linear(vectors.to(self.linear.weight)).float().sigmoid()

    def threshold(self, false_alarms: float) -> float | None:
        """Return the score below which a clip is none of the classes.

        Args:
            false_alarms: share of clips of the classes that may fall below it, from 0 to below 1.

        Returns:
            None if it is 0, or if the held-out clips are too few for it (`conformal_threshold`).
        """
        if false_alarms == 0:
            return None
        return conformal_threshold(self.held_out.float().cpu().numpy(), false_alarms)
