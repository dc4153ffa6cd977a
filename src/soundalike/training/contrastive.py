"""A step of contrastive pre-training (Fonseca et al. 2021)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from soundalike.audio.frames import Frames
from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss
from soundalike.models.encoder import Encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim.schedules import Schedule
from soundalike.runtime.collectives import gather, mean_and_std
from soundalike.runtime.hardware import MemoryFormat, Precision
from soundalike.runtime.ranks import own_share
from soundalike.training.draws import batches_of_distinct_sounds, clip_order, draws_on, slice_of
from soundalike.training.steps import Training
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Draws
from soundalike.views.pair import PairOfViews

if TYPE_CHECKING:
    import lightning_fabric


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how to train.

    Args:
        n_epochs: passes over the clips; each pass makes one pair of views of each clip.
        batch_size: clips per step.
        merge_views: If true, both views go through the network in one pass. Two passes, as in the
            paper, normalize each view by its own batch statistics and are slower.
        post_norm: If true, the views of a batch are standardized once more, by their own mean and
            standard deviation, because augmentations change these (Niizumi et al. 2021, "BYOL for
            Audio").
        precision: "auto" uses bf16 if the machine multiplies it natively; or "32-true",
            "bf16-mixed", "16-mixed".
        memory_format: memory layout of convolutions; "auto" uses the faster one.
        seed: random seed of the weights, the views and the order of clips.
        segment_s: if set, longer clips are divided into segments of at most this many seconds, and
            each pass makes a pair of views of each segment. By default each clip counts once,
            however long it is.
    """

    n_epochs: int = 100
    batch_size: int = 128
    merge_views: bool = True
    post_norm: bool = False
    precision: Precision = "auto"
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
    """Steps of contrastive training: two views of each clip, compared by the loss.

    On several ranks, each projects the views of its share of the clips, and then has the whole loss
    of all projections. Draws are made for all clips, so views do not depend on the number of ranks.

    Args:
        fabric, optimizer, schedule, frames, settings, labels: as for every `Training`.
        module: the network of the loss around a `Projector`; see `ContrastiveLoss.network`.
        criterion: the loss.
        views: makes the pairs of views.
        sound_ids: which sound each clip is of. Clips of the same sound (segments of a recording, or
            copies) are never negatives of each other: they share a batch only if the sound has
            more clips than there are batches, and the loss leaves those pairs out.

    Shape:
        sound_ids: [clips] int64.
    """

    criterion: ContrastiveLoss

    def __init__(
        self,
        fabric: "lightning_fabric.Fabric",
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: ContrastiveLoss,
        views: PairOfViews,
        frames: Frames,
        settings: TrainingSettings,
        labels: np.ndarray | None = None,
        sound_ids: np.ndarray | None = None,
    ) -> None:
        self.sound_ids = sound_ids
        super().__init__(fabric, module, optimizer, schedule, criterion, frames, settings, labels)
        self.views = views
        self.merge_views = settings.merge_views
        self.post_norm = settings.post_norm
        self.activity = self.activity_of(frames)

    def activity_of(self, frames: Frames) -> Activity | None:
        """Return which patches of some frames are active, if the views need to know."""
        threshold = self.views.activity_threshold_db
        return None if threshold is None else Activity(frames, threshold)

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw the two views of each clip."""
        return self.views.draw(clips, self.frames.n_frames, generator, self.activity)

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the contrastive loss of the two views of each clip."""
        clips = draws["patches"]["clip"][:, 0]
        views = self.make_views(slice_of(draws, own_share(len(clips))))
        z_a, z_b = (
            self._gather(z, len(clips)) for z in self.criterion.project(self.forward, views)
        )
        return self.criterion(z_a, z_b, self.batch(clips, progress))

    def _gather(self, z: Tensor, n_clips: int) -> Tensor:
        """Return the projections of all ranks, in the order of a single one."""
        n_rows, (n, dim) = self.criterion.n_rows_per_clip, z.shape
        by_clip = z.view(n_rows, n // n_rows, dim).transpose(0, 1)
        return gather(by_clip, n_clips).transpose(0, 1).flatten(0, 1)

    def batch(self, clips: Tensor, progress: float) -> Batch:
        """Return what the loss may need to know about the clips of a step, on the device."""
        batch = super().batch(clips, progress)
        if self.sound_ids is None:
            return batch
        sounds = torch.from_numpy(self.sound_ids[clips.numpy()])
        if len(sounds.unique()) == len(sounds):
            return batch
        return replace(batch, sounds=sounds.to(self.fabric.device))

    def step(self, number: int) -> Tensor:
        """Take one step, and let the loss update state that has no gradients."""
        loss = super().step(number)
        self.criterion.after_step(self.module.module)
        return loss

    def make_views(
        self, draws: dict[str, Draws], frames: Frames | None = None, *, is_alone: bool = False
    ) -> Tensor:
        """Return the views of some draws: [2, batch, frames, bands], on the device.

        Args:
            draws: of clips of `frames`.
            frames: by default, those that are trained on now.
            is_alone: If true, the other ranks make no views now, so none is waited for.
        """
        device = self.fabric.device
        views = self.views.apply(
            self.frames if frames is None else frames, draws_on(draws, device), device
        )
        if not self.post_norm:
            return views
        mean, std = (views.mean(), views.std()) if is_alone else mean_and_std(views)
        return (views - mean) / std

    def forward(self, views: Tensor, **options: object) -> Tensor:
        """Run both views through the network, in one pass or in two.

        Args:
            views: two views of each clip.
            **options: keyword arguments of the network.

        Shape:
            views: [2, batch, frames, bands]; result: [2 * batch, out_dim].
        """
        passes = [views.flatten(0, 1)] if self.merge_views else list(views)
        return torch.cat([self.module(each, **options) for each in passes])

    def _batches_of(self, epoch: int) -> list[np.ndarray]:
        if self.sound_ids is None:
            return super()._batches_of(epoch)
        order = clip_order(len(self.frames), self.seed, epoch)
        return batches_of_distinct_sounds(order, self.sound_ids, self.batch_size, self.seed, epoch)
