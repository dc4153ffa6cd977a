"""Batch normalization by the statistics of all ranks' clips.

torch's own `SyncBatchNorm` runs on GPUs only; this one runs on what the collectives run on.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from soundalike.runtime.collectives import sum_over_ranks
from soundalike.runtime.ranks import n_ranks


class SynchronizedBatchNorm(_BatchNorm):
    """A batch normalization that shares parameters and running statistics with another one.

    Args:
        norm: the layer that it replaces.

    Shape:
        x: [batch, channels, ...], where the batch may be empty on some ranks; result: like x.
    """

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine)
        self.weight, self.bias = norm.weight, norm.bias
        self.running_mean, self.running_var = norm.running_mean, norm.running_var
        self.num_batches_tracked = norm.num_batches_tracked

    def _check_input_dim(self, x: Tensor) -> None:
        """Take any number of axes."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each channel; in training by mean and variance of the clips of all ranks."""
        if not self.training:
            return super().forward(x)
        axes, shape = [0, *range(2, x.ndim)], [1, -1, *[1] * (x.ndim - 2)]
        values = x if x.dtype == torch.float64 else x.float()
        n_own = values.new_full((1,), x.numel() // x.shape[1])
        totals = sum_over_ranks(torch.cat([values.sum(axes), n_own]))
        n, mean = totals[-1], totals[:-1] / totals[-1]
        centered = values - mean.view(shape)
        variance = sum_over_ranks(centered.square().sum(axes)) / n
        self._update(mean.detach(), (variance * n / (n - 1)).detach())
        scale = self.weight / (variance + self.eps).sqrt()
        return (centered * scale.view(shape) + self.bias.view(shape)).to(x.dtype)

    def _update(self, mean: Tensor, variance: Tensor) -> None:
        """Update the running statistics, by the unbiased variance as torch does."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        momentum = self.momentum
        if momentum is None:  # the mean over all batches
            momentum = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), momentum)
        self.running_var.lerp_(variance.to(self.running_var.dtype), momentum)


def synchronize_batch_norms(module: nn.Module) -> None:
    """Replace the batch normalizations in a module if there is more than one rank."""
    if n_ranks() == 1:
        return
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, SynchronizedBatchNorm(child))
        else:
            synchronize_batch_norms(child)
