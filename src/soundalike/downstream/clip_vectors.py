"""One vector of unit length for each clip, from those of its windows."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from soundalike.downstream.features import Features


@dataclass(frozen=True)
class ClipVectors:
    """Vectors of clips, and of sounds that are none of them.

    Args:
        vectors: of unit length.
        background: vectors of other sounds, of unit length; None if the features have none.

    Shape:
        vectors: [clips, dim]; background: [sounds, dim].
    """

    vectors: NDArray[np.float32]
    background: NDArray[np.float32] | None


def clip_vectors(features: Features) -> ClipVectors:
    """Average the windows of each clip; features that are not whitened are standardized first."""
    mean, std = torch.zeros(1), torch.ones(1)
    if not features.is_whitened:
        std, mean = torch.std_mean(features.vectors, dim=0, correction=0)
        std = std.clamp(min=1e-6)

    def unit(vectors: Tensor) -> NDArray[np.float32]:
        return normalize(vectors, dim=1).numpy()

    sums = torch.zeros(len(features.labels), features.vectors.shape[1])
    sums.index_add_(0, features.clips, (features.vectors - mean) / std)
    background = features.background
    return ClipVectors(unit(sums), None if background is None else unit((background - mean) / std))
