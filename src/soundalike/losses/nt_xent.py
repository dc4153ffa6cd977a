"""The normalized temperature-scaled cross-entropy loss."""

import itertools
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, in_float32

# Views per block of the similarity matrix: what fits the cache of a processor, and what makes a
# kernel launch worthwhile on a GPU.
BLOCK = {"cpu": 512, "cuda": 4096}


class NTXent(ContrastiveLoss):
    """Pull the two views of a clip together and push the other clips away (NT-Xent).

    Every view is an anchor that has to be matched with its clip's other view, among all other views
    of the batch but those of the same sound. This is a classification, so the loss is a
    cross-entropy over the similarities. It does not depend on the order of the views or of the
    clips. It is computed in float32 even under autocast, because the softmax divides the
    similarities by a small temperature.

    Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations".

    Args:
        temperature: divides the cosine similarities; lower values put more weight on the most
            similar other clips.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i; result: scalar.

    Raises:
        ValueError: ``temperature`` is not positive.

    >>> z = torch.eye(2)
    >>> round(NTXent(temperature=1.0)(z, z, Batch()).item(), 4)  # log(1 + 2 / e)
    0.5514
    """

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"NTXent needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the 2 * batch anchors."""
        with torch.autocast(z_a.device.type, enabled=False):
            z = F.normalize(in_float32(torch.cat([z_a, z_b])), dim=1)
            return _CrossEntropy.apply(z, self.temperature, batch)


class _CrossEntropy(torch.autograd.Function):
    """The cross-entropy of every view to its clip's other view, with its gradient in closed form.

    Let S be the similarities divided by the temperature and P their row-wise softmax. The gradient
    of the summed loss with respect to z is ``((P + P.T) z - 2 z_other) / temperature``. S is
    symmetric, so only the blocks on and above its diagonal are computed: once for the log-sums of
    its rows, and once more for the gradient. This takes two thirds of the matrix products of the
    plain cross-entropy under autograd, and the memory of two blocks instead of several times S.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, temperature: float, batch: Batch) -> Tensor:
        log_sums = z.new_full((len(z),), -torch.inf)
        for rows, columns, block in _upper_blocks(z, temperature, batch):
            log_sums[rows] = log_sums[rows].logaddexp(block.logsumexp(dim=1))
            if rows != columns:
                log_sums[columns] = log_sums[columns].logaddexp(block.logsumexp(dim=0))
        ctx.save_for_backward(z, log_sums)
        ctx.temperature = temperature
        ctx.batch = batch
        return (log_sums - (z * _other_views(z)).sum(dim=1) / temperature).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor, None, None]:
        z, log_sums = ctx.saved_tensors
        grad = -2 * _other_views(z)
        for rows, columns, block in _upper_blocks(z, ctx.temperature, ctx.batch):
            p = (block - log_sums[rows, None]).exp_()
            p += block.sub_(log_sums[columns]).exp_()
            grad[rows].addmm_(p, z[columns])
            if rows != columns:
                grad[columns].addmm_(p.T, z[rows])
        return grad * (grad_loss / (len(z) * ctx.temperature)), None, None


def _upper_blocks(
    z: Tensor, temperature: float, batch: Batch
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the blocks of S on and above its diagonal.

    The diagonal is -inf, since no view matches itself, and so are other clips of the same sound.
    """
    clips = torch.arange(len(z) // 2, device=z.device).repeat(2)
    size = BLOCK.get(z.device.type, 512)
    slices = [slice(start, start + size) for start in range(0, len(z), size)]
    for rows, columns in itertools.combinations_with_replacement(slices, 2):
        block = (z[rows] @ z[columns].T).div_(temperature)
        if rows == columns:
            block.fill_diagonal_(-torch.inf)
        if (same := batch.same_sound(clips[rows], clips[columns])) is not None:
            block.masked_fill_(same, -torch.inf)
        yield rows, columns, block


def _other_views(z: Tensor) -> Tensor:
    return z.roll(len(z) // 2, dims=0)
