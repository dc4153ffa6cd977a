"""A step of contrastive pre-training (Fonseca et al. 2021)."""

from dataclasses import dataclass

import lightning_fabric
import numpy as np
import torch
from torch import Tensor, nn

from soundalike.training.hardware import MemoryFormat
from soundalike.training.optimizers import Schedule
from soundalike.training.steps import Training
from soundalike.views.augmentation import Draws
from soundalike.views.pair import PairOfViews


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how to train.

    Args:
        n_epochs: passes over the clips; a clip gives one pair of views a pass.
        batch_size: clips a step.
        merge_views: whether both views go through the network in one pass. Two passes, as in the
            paper, normalise each view by its own batch statistics and are slower.
        precision: "auto" takes bf16 where the machine multiplies it natively; or "32-true",
            "bf16-mixed", "16-mixed".
        memory_format: how the channels of convolutions lie; "auto" takes what is faster.
        seed: of everything random.
    """

    n_epochs: int = 100
    batch_size: int = 128
    merge_views: bool = True
    precision: str = "auto"
    memory_format: MemoryFormat = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, lowest in {"n_epochs": 1, "batch_size": 2, "seed": 0}.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"training.{name} must be at least {lowest}.")


class Projector(nn.Module):
    """Encoder and head: from standardised views to projections z of unit length.

    Shape:
        views: [n, frames, bands]; result: [n, out_dim].
    """

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, views: Tensor) -> Tensor:
        """Return z."""
        return self.head(self.encoder(views.unsqueeze(1)))


class ContrastiveTraining(Training):
    """Pull the two views of a clip together, push other clips away, step by step.

    Args:
        fabric, optimizer, schedule, frames, offsets, n_frames: as for every `Training`.
        projector: encoder and head.
        criterion: loss of z_a and z_b.
        views: makes the pairs.
        settings: how long and how.
    """

    def __init__(
        self,
        fabric: lightning_fabric.Fabric,
        projector: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: nn.Module,
        views: PairOfViews,
        frames: Tensor,
        offsets: np.ndarray,
        n_frames: np.ndarray,
        settings: TrainingSettings,
    ) -> None:
        super().__init__(
            fabric, projector, optimizer, schedule, frames, offsets, n_frames, settings
        )
        self.criterion = criterion
        self.views = views
        self.merge_views = settings.merge_views

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw the two views of each clip."""
        return self.views.draw(clips, self.n_frames, generator)

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the contrastive loss of the two views of each clip."""
        return self.criterion(*self.project(self.make_views(draws)))

    def make_views(self, draws: dict[str, Draws]) -> Tensor:
        """Return the views of one step: [2, batch, frames, bands], on the device."""
        return self.views.apply(self.frames, self.offsets, draws, self.fabric.device)

    def project(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_a and z_b: [batch, out_dim] each."""
        if self.merge_views:
            z_a, z_b = self.module(views.flatten(0, 1)).chunk(2)
            return z_a, z_b
        return self.module(views[0]), self.module(views[1])
