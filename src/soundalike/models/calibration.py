"""Batch-norm statistics for an untrained network."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def calibrate_batch_norm(encoder: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the running statistics of every batch norm to their averages over all patches.

    A new network normalizes by mean 0 and variance 1, which fit no data and would make it too weak
    a baseline. The weights do not change.

    Args:
        encoder: the network; it is in evaluation mode afterwards.
        batches: inputs of the network.

    Shape:
        batches: [batch, 1, frames, bands] each.
    """
    layers = [layer for layer in encoder.modules() if isinstance(layer, _BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
    encoder.train()
    n_patches = 0
    for batch in batches:
        n_patches += len(batch)
        for layer in layers:
            layer.momentum = len(batch) / n_patches  # a short batch counts for its patches only
        encoder(batch)
    encoder.eval()
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
