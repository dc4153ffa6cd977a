"""Pre-training with a target network, a slow copy of the trained one (BYOL)."""

import copy

import torch
from torch import Tensor, nn

from soundalike.losses.byol import BYOL
from soundalike.training.contrastive import ContrastiveTraining, Projector


class MomentumProjector(nn.Module):
    """A projector, a predictor behind it, and the target network (Grill et al. 2020).

    Args:
        projector: encoder and head, trained.
        criterion: says how large the predictor is.

    Shape:
        views: [n, frames, bands]; result: [n, out_dim].
    """

    def __init__(self, projector: Projector, criterion: BYOL) -> None:
        super().__init__()
        dim, hidden_dim = projector.head.out.out_features, criterion.hidden_dim
        self.projector = projector
        self.predictor = nn.Sequential(
            nn.Linear(dim, hidden_dim),
            nn.BatchNorm1d(hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, dim),
        )
        self.target = copy.deepcopy(projector).requires_grad_(False)

    def forward(self, views: Tensor, *, predict: bool = False) -> Tensor:
        """Return z, or what the predictor makes of it."""
        z = self.projector(views)
        return self.predictor(z) if predict else z

    @torch.no_grad()
    def move_target(self, momentum: float) -> None:
        """Move the target network a little towards the trained one."""
        pairs = zip(self.target.parameters(), self.projector.parameters(), strict=True)
        for slow, fast in pairs:
            slow.lerp_(fast, 1 - momentum)


class MomentumTraining(ContrastiveTraining):
    """Predict of each view what the target network says of the other, step by step.

    The arguments are those of `ContrastiveTraining`, with a `MomentumProjector` for projector and
    `BYOL` for criterion.
    """

    def step(self, number: int) -> Tensor:
        """Take one step, then let the target network follow."""
        loss = super().step(number)
        self.module.module.move_target(self.criterion.momentum)
        return loss

    def project(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return the predictions of both views, and the target's z of the other one of each."""
        others = views.flip(0)
        with torch.no_grad(), self.fabric.autocast():
            targets = [self.module.module.target(part) for part in self.passes(others)]
        predictions = [self.module(part, predict=True) for part in self.passes(views)]
        return torch.cat(predictions), torch.cat(targets)
