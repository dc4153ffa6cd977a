"""Sums and concatenations over the ranks of a job, which gradients pass through.

Every rank computes the same whole loss from what it gathers. Each gradient is then that of the sum
of the ranks' losses, so their mean over the ranks, which DDP takes, is that of the loss.
"""

from typing import Any

import torch
from torch import Tensor, distributed

from soundalike.runtime.ranks import n_ranks, own_share


class _SumOverRanks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        """Return the sum."""
        total = tensor.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Return the sum of the gradients: every rank's tensor is in every rank's sum."""
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def sum_over_ranks(tensor: Tensor) -> Tensor:
    """Return the sum of the ranks' tensors, which have one shape."""
    if n_ranks() == 1:
        return tensor
    total: Tensor = _SumOverRanks.apply(tensor)
    return total


def gather(rows: Tensor, n: int) -> Tensor:
    """Return the rows of all ranks, where each has its `own_share` of n.

    Shape:
        rows: [share, ...]; result: [n, ...].
    """
    if n_ranks() == 1:
        return rows
    share = own_share(n)
    before = rows.new_zeros(share.start, *rows.shape[1:])
    after = rows.new_zeros(n - share.stop, *rows.shape[1:])
    return sum_over_ranks(torch.cat([before, rows, after]))


def mean_and_std(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of all elements of the ranks' tensors."""
    if n_ranks() == 1:
        return tensor.mean(), tensor.std()
    n = sum_over_ranks(torch.tensor(tensor.numel(), dtype=tensor.dtype, device=tensor.device))
    mean = sum_over_ranks(tensor.sum()) / n
    return mean, (sum_over_ranks((tensor - mean).square().sum()) / (n - 1)).sqrt()
