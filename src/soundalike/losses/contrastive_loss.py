"""The interface of contrastive losses: they compare two views, and may extend the network."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Network = Callable[..., Tensor]


def in_float32(z: Tensor) -> Tensor:
    """Return projections in float32, or in float64 where they are."""
    return z.to(torch.promote_types(z.dtype, torch.float32))


class ContrastiveLoss(nn.Module):
    """A loss of the projections of two views of each clip, called as ``loss(z_a, z_b, batch)``.

    Most losses only define ``forward``. A loss that trains more than a projector (a predictor, a
    target network, a queue) also overrides `network`, `project` and `after_step`.

    Attributes:
        needs_labels: If true, training requires labels, and ``batch.labels`` holds them.
        n_rows_per_clip: number of rows that `project` makes of each clip.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i; with more rows per clip, those of all
        clips come one after the other. result: scalar.
    """

    needs_labels = False
    n_rows_per_clip = 1

    def network(self, projector: nn.Module, dim: int) -> nn.Module:
        """Return the network to train: the projector, or a module with more than that.

        Args:
            projector: encoder and head, from views [n, frames, bands] to z [n, dim].
            dim: size of z.

        Returns:
            A module that, called with views alone, returns their z, as the projector does.
        """
        return projector

    def project(self, network: Network, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the loss compares.

        Args:
            network: calls the module that `network` returned, and passes on keyword arguments: from
                views [2, batch, frames, bands] to [2 * batch, dim].
            views: two views of each clip.

        Shape:
            views: [2, batch, frames, bands]; z_a, z_b: as the loss takes them.
        """
        z_a, z_b = network(views).chunk(2)
        return z_a, z_b

    def after_step(self, network: nn.Module) -> None:
        """Update what does not learn by gradients, after each step of the optimizer.

        Args:
            network: the module that `network` returned.
        """
