"""A step of contrastive pre-training (Fonseca et al. 2021)."""

from dataclasses import dataclass

import lightning_fabric
import numpy as np
import torch
from torch import Tensor, nn

from soundalike.models.encoder import Encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim.schedules import Schedule
from soundalike.runtime.hardware import MemoryFormat
from soundalike.training.draws import batches_apart
from soundalike.training.steps import Training
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Draws
from soundalike.views.pair import PairOfViews


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how to train.

    Args:
        n_epochs: passes over the clips; a clip gives one pair of views a pass.
        batch_size: clips a step.
        merge_views: whether both views go through the network in one pass. Two passes, as in the
            paper, normalize each view by its own batch statistics and are slower.
        post_norm: whether the views of a batch are standardized once more, by their own mean
            and deviation, which augmentations move away from those of the training clips (Niizumi
            et al. 2021, "BYOL for Audio").
        precision: "auto" takes bf16 where the machine multiplies it natively; or "32-true",
            "bf16-mixed", "16-mixed".
        memory_format: how the channels of convolutions lie; "auto" takes what is faster.
        seed: of everything random.
        segment_s: longer clips are heard as several segments of at most so many seconds, each of
            which gives a pair of views a pass. By default a clip gives one, however long it is.
    """

    n_epochs: int = 100
    batch_size: int = 128
    merge_views: bool = True
    post_norm: bool = False
    precision: str = "auto"
    memory_format: MemoryFormat = "auto"
    seed: int = 0
    segment_s: float | None = None

    def __post_init__(self) -> None:
        for name, lowest in {"n_epochs": 1, "batch_size": 2, "seed": 0}.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"training.{name} must be at least {lowest}.")
        if self.segment_s is not None and not self.segment_s > 0:
            raise ValueError("training.segment_s must be above 0.")


class Projector(nn.Module):
    """Encoder and head: from standardized views to projections z.

    Shape:
        views: [n, frames, bands]; result: [n, out_dim].
    """

    def __init__(self, encoder: Encoder, head: ProjectionHead) -> None:
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
        criterion: loss of z_a and z_b, and of the labels where it takes them.
        views: makes the pairs.
        settings: how long and how.
        labels: class of every clip, -1 for none, for a criterion that takes labels.
        sound_of: which sound each clip is of. Clips of one sound (segments of a long recording, or
            copies) are no negatives for each other, and are kept out of each other's batches.
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
        labels: np.ndarray | None = None,
        sound_of: np.ndarray | None = None,
    ) -> None:
        self.sound_of = sound_of
        super().__init__(
            fabric, projector, optimizer, schedule, frames, offsets, n_frames, settings
        )
        self.labels = None if labels is None else torch.from_numpy(labels)
        self.criterion = criterion
        self.views = views
        self.merge_views = settings.merge_views
        self.post_norm = settings.post_norm
        self.activity = None
        if views.activity_threshold_db is not None:
            self.activity = Activity(
                frames, self.offsets, self.n_frames, views.activity_threshold_db
            )

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw the two views of each clip."""
        return self.views.draw(clips, self.n_frames, generator, self.activity)

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the contrastive loss of the two views of each clip."""
        z = self.project(self.make_views(draws))
        if self.labels is None:
            return self.criterion(*z)
        return self.criterion(*z, self.labels[draws["patches"]["clip"][:, 0]].to(z[0].device))

    def _cut_into_batches(self, epoch: int) -> list[np.ndarray]:
        if self.sound_of is None or len(np.unique(self.sound_of)) == len(self.sound_of):
            return super()._cut_into_batches(epoch)
        return batches_apart(self.sound_of, self.batch_size, self.seed, epoch)

    def make_views(self, draws: dict[str, Draws]) -> Tensor:
        """Return the views of one step: [2, batch, frames, bands], on the device."""
        views = self.views.apply(self.frames, self.offsets, draws, self.fabric.device)
        return (views - views.mean()) / views.std() if self.post_norm else views

    def project(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_a and z_b: [batch, out_dim] each."""
        z_a, z_b = torch.cat([self.module(part) for part in self.passes(views)]).chunk(2)
        return z_a, z_b

    def passes(self, views: Tensor) -> list[Tensor]:
        """Return what goes through the network at a time: both views, or one after the other."""
        return [views.flatten(0, 1)] if self.merge_views else list(views)
