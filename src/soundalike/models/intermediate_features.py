"""What an encoder's middle blocks hear, beside h."""

import difflib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundalike.models.encoder import Encoder
from soundalike.models.time_pooling import frames_of, mean_and_maximum

LOG_MEL = "log_mel"  # the depth before the first block
MOST_BANDS = 12  # what a map has more of is averaged


def embed_with_intermediate(
    encoder: Encoder, intermediate_features: Sequence[str], patches: Tensor
) -> Tensor:
    """Return h and, side by side with it, statistics of the maps at other intermediate_features.

    Training without labels shapes the last layers for its own task; what is before them is often
    the better embedding (Niizumi et al. 2022, "Composing General Audio Representation by Fusing
    Multilayer Features of a Pre-trained Model"). Of each map the mean and the maximum over time are
    taken, channel by channel and band by band; every part has the same length, so that each has the
    same say in a distance.

    Args:
        encoder: the network.
        intermediate_features: blocks whose outputs are maps, such as "conv2", or "log_mel" for the
            patches themselves.
        patches: standardized.

    Shape:
        patches: [batch, 1, frames, bands]; result: [batch, dim at all intermediate_features].

    Raises:
        ValueError: the encoder has no such block, or its output is no map.
    """
    with _outputs(encoder, intermediate_features) as maps:
        parts = [encoder(patches)]
    for name in intermediate_features:
        parts.append(_statistics(patches if name == LOG_MEL else maps[name], name))
    together = [F.normalize(part.float(), dim=1) for part in parts]
    return torch.cat(together, dim=1) / math.sqrt(len(together))


@torch.no_grad()
def dim_with_intermediate(
    encoder: Encoder, intermediate_features: Sequence[str], n_frames: int, n_bands: int
) -> int:
    """Return the size of what `embed_with_intermediate` gives; the encoder is left as it is."""
    was_training = encoder.training
    device = next(encoder.parameters()).device
    patch = torch.zeros(1, 1, n_frames, n_bands, device=device)
    dim = embed_with_intermediate(encoder.eval(), intermediate_features, patch).shape[1]
    encoder.train(was_training)
    return dim


@contextmanager
def _outputs(encoder: Encoder, intermediate_features: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of blocks while the encoder runs."""
    outputs: dict[str, Tensor] = {}

    def collect(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(block: nn.Module, given: object, output: Tensor) -> None:
            outputs[name] = output

        return _block(encoder, name).register_forward_hook(hook)

    handles = [collect(name) for name in intermediate_features if name != LOG_MEL]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _block(encoder: Encoder, name: str) -> nn.Module:
    blocks = encoder.blocks()
    if name not in blocks:
        nearest = difflib.get_close_matches(name, blocks, 1, cutoff=0)
        raise ValueError(
            f"The encoder has no block {name!r}; did you mean {nearest[0]!r}? It has "
            f"{', '.join(blocks)}."
        )
    return blocks[name]


def _statistics(maps: Tensor, name: str) -> Tensor:
    """Mean and maximum over time of maps [batch, channels, frames, bands]: [batch, dim]."""
    if maps.ndim != 4:
        raise ValueError(f"The output of the block {name!r} is no map over frames and bands.")
    n_bands = min(maps.shape[3], MOST_BANDS)
    maps = F.adaptive_avg_pool2d(maps.float(), (maps.shape[2], n_bands))
    return mean_and_maximum(frames_of(maps))
