"""What every encoder is, and how one is made from settings."""

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
        patches: [batch, 1, frames, bands], standardised; h: [batch, dim].
    """

    dim: int
    min_frames: int


def build_encoder(settings: Mapping[str, Any]) -> Encoder:
    """Make an encoder from ``{"name": key of ENCODERS, ...its arguments}``."""
    arguments = {key: value for key, value in settings.items() if key != "name"}
    encoder: Encoder = resolve_name(ENCODERS[settings["name"]])(**arguments)
    return encoder
