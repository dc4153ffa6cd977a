"""The interface of all encoders, and their construction from settings."""

import abc
import inspect
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

import torch
from torch import Tensor, nn

from soundalike.models import ENCODERS
from soundalike.models.evaluation_mode import evaluation_mode


class Encoder(nn.Module, abc.ABC):
    """A network from a patch to its embedding h. Subclasses implement `embed`.

    Attributes:
        dim: size of h.
        min_frames: the shortest patch that the network can process.

    Shape:
        patches: [batch, 1, frames, bands], standardized; h: [batch, dim].
    """

    dim: int
    min_frames: int

    def forward(self, patches: Tensor) -> Tensor:
        """Return h of patches: [batch, 1, frames, bands] -> [batch, dim].

        Raises:
            ValueError: the patches have fewer than ``min_frames`` frames.
        """
        return self.embed(self.checked(patches))

    def checked(self, patches: Tensor) -> Tensor:
        """Return patches in the data type of the weights.

        Raises:
            ValueError: the patches have fewer than ``min_frames`` frames.
        """
        n_frames = patches.shape[2]
        if n_frames < self.min_frames:
            raise ValueError(
                f"{type(self).__name__} needs patches of at least {self.min_frames} frames, got "
                f"{n_frames}."
            )
        # Not float32 after `half` or `double`.
        return patches.to(next(self.parameters()).dtype)

    @abc.abstractmethod
    def embed(self, patches: Tensor) -> Tensor:
        """Return h of patches that are long enough: [batch, 1, frames, bands] -> [batch, dim]."""

    def blocks(self) -> dict[str, nn.Module]:
        """Return the parts of the network by name, in order."""
        return dict(self.named_children())


def build_encoder(settings: Mapping[str, Any], n_bands: int = 96) -> Encoder:
    """Build an encoder.

    Args:
        settings: ``{"name": key of ENCODERS, ...arguments of its constructor}``.
        n_bands: bands of the patches, for encoders whose size depends on it.
    """
    arguments = {key: value for key, value in settings.items() if key != "name"}
    constructor = resolve_name(ENCODERS[settings["name"]])
    if "n_bands" in inspect.signature(constructor).parameters:
        arguments["n_bands"] = n_bands
    encoder: Encoder = constructor(**arguments)
    return encoder


@torch.no_grad()
def check_patches(encoder: Encoder, n_frames: int, n_bands: int) -> None:
    """Embed one patch of zeros, so that an encoder that cannot is refused before training.

    Args:
        encoder: the network; it does not change.
        n_frames: frames of the patches.
        n_bands: bands of the patches.

    Raises:
        ValueError, RuntimeError: the encoder cannot process such patches, or its h is not of the
            size that it says.
    """
    device = next(encoder.parameters()).device
    with evaluation_mode(encoder):
        h = encoder(torch.zeros(1, 1, n_frames, n_bands, device=device))
    if h.shape != (1, encoder.dim):
        raise ValueError(
            f"{type(encoder).__name__} makes h of shape {list(h.shape)}, not [1, {encoder.dim}]."
        )
