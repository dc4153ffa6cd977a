"""Batch-norm statistics for a network that was never trained."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def calibrate_batch_norm(encoder: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set every batch norm's running statistics to the averages over some batches.

    Without this an untrained encoder normalizes by mean 0 and variance 1, which are nobody's
    statistics, and makes a straw man to compare a trained one with. Weights do not move.

    Args:
        encoder: the network; left in evaluation mode.
        batches: its inputs.

    Shape:
        batches: [batch, 1, frames, bands] each.
    """
    layers = [layer for layer in encoder.modules() if isinstance(layer, _BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # torch's word for a plain average over the batches
    encoder.train()
    for batch in batches:
        encoder(batch)
    encoder.eval()
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
