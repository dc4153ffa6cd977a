"""What every encoder is, and how one is made from settings."""

import inspect
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from torch import nn

from soundalike.models import ENCODERS


class Encoder(nn.Module):
    """A network from a patch to its embedding h; `ENCODERS` names those there are.

    Attributes:
        dim: size of h.
        min_frames: the shortest patch that it reads.

    Shape:
        patches: [batch, 1, frames, bands], standardized; h: [batch, dim].
    """

    dim: int
    min_frames: int

    def blocks(self) -> dict[str, nn.Module]:
        """Return the parts of the network, by name and in order."""
        return dict(self.named_children())


def build_encoder(settings: Mapping[str, Any], n_bands: int = 96) -> Encoder:
    """Make an encoder.

    Args:
        settings: ``{"name": key of ENCODERS, ...its arguments}``.
        n_bands: bands of the patches, for an encoder that must know.
    """
    arguments = {key: value for key, value in settings.items() if key != "name"}
    constructor = resolve_name(ENCODERS[settings["name"]])
    if "n_bands" in inspect.signature(constructor).parameters:
        arguments["n_bands"] = n_bands
    encoder: Encoder = constructor(**arguments)
    return encoder
