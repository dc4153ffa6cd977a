"""Embeddings that join h with features of an encoder's intermediate blocks."""

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundalike.models.encoder import Encoder
from soundalike.models.evaluation_mode import evaluation_mode
from soundalike.models.time_pooling import frames_of, mean_and_maximum

LOG_MEL = "log_mel"  # names the input of the first block
MAX_BANDS = 12  # maps with more bands are averaged to this number


def embed_with_intermediate(encoder: Encoder, blocks: Sequence[str], patches: Tensor) -> Tensor:
    """Concatenate h with statistics of the maps of intermediate blocks.

    Self-supervised training fits the last layers to its own task, so earlier layers often make the
    better embedding (Niizumi et al. 2022, "Composing General Audio Representation by Fusing
    Multilayer Features of a Pre-trained Model"). The statistics of a map are mean and maximum over
    time of each channel in each band. Every part is scaled to the same length, so that all count
    equally in a distance.

    Args:
        encoder: the network.
        blocks: names of blocks whose outputs are maps, such as "conv2"; "log_mel" stands for the
            patches themselves.
        patches: standardized patches.

    Shape:
        patches: [batch, 1, frames, bands]; result: [batch, `dim_with_intermediate`].

    Raises:
        ValueError: the encoder has no such block, or the output of a block is no map.
    """
    with _outputs(encoder, blocks) as maps:
        parts = [encoder(patches)]
    for name in blocks:
        parts.append(_statistics(patches if name == LOG_MEL else maps[name], name))
    parts = [F.normalize(part.float(), dim=1) for part in parts]
    return torch.cat(parts, dim=1) / math.sqrt(len(parts))


@torch.no_grad()
def dim_with_intermediate(
    encoder: Encoder, blocks: Sequence[str], n_frames: int, n_bands: int
) -> int:
    """Return the size of the result of `embed_with_intermediate`.

    Args:
        encoder: the network; it does not change.
        blocks: names of blocks.
        n_frames: frames of the patches.
        n_bands: bands of the patches.

    Raises:
        ValueError: the encoder has no such block, or the output of a block is no map.
    """
    device = next(encoder.parameters()).device
    patch = torch.zeros(1, 1, n_frames, n_bands, device=device)
    with evaluation_mode(encoder):
        return embed_with_intermediate(encoder, blocks, patch).shape[1]


@contextmanager
def _outputs(encoder: Encoder, blocks: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of blocks, by name, while the encoder runs in this thread."""
    outputs: dict[str, Tensor] = {}
    thread = threading.get_ident()

    def collect(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(block: nn.Module, inputs: object, output: Tensor) -> None:
            if threading.get_ident() == thread:  # other threads may run the same encoder
                outputs[name] = output

        return _block(encoder, name).register_forward_hook(hook)

    handles = [collect(name) for name in blocks if name != LOG_MEL]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _block(encoder: Encoder, name: str) -> nn.Module:
    blocks = encoder.blocks()
    if name not in blocks:
        raise ValueError(f"The encoder has no block {name!r}; its blocks are {', '.join(blocks)}.")
    return blocks[name]


def _statistics(maps: Tensor, name: str) -> Tensor:
    """Return mean and maximum over time: [batch, channels, frames, bands] -> [batch, dim]."""
    if maps.ndim != 4:
        raise ValueError(f"The output of block {name!r} has no frames and bands.")
    n_bands = min(maps.shape[3], MAX_BANDS)
    maps = F.adaptive_avg_pool2d(maps.float(), (maps.shape[2], n_bands))
    return mean_and_maximum(frames_of(maps))
