"""A step of contrastive pre-training (Fonseca et al. 2021)."""

from dataclasses import dataclass

import lightning_fabric
import numpy as np
import torch
from torch import Tensor, nn

from soundalike.training.draws import batches, clip_order, step_generator
from soundalike.training.optimizers import Schedule
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
        seed: of everything random.
    """

    n_epochs: int = 100
    batch_size: int = 128
    merge_views: bool = True
    precision: str = "auto"
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


class ContrastiveTraining:
    """Pull the two views of a clip together, push other clips away, step by step.

    Which clips a step takes and which views it makes of them depend on the seed and the step's
    number alone; the network and the optimiser hold all else that a step depends on.

    Args:
        fabric: devices and precision.
        projector: encoder and head.
        optimizer: over the projector's parameters; its learning rate is the highest one.
        schedule: from epoch and number of epochs to the factor of the learning rate.
        criterion: loss of z_a and z_b.
        views: makes the pairs.
        frames: log-mels of all clips end to end, on the device or memory-mapped.
        offsets: first frame of each clip that is trained on.
        n_frames: their lengths.
        settings: how long and how.

    Shape:
        frames: [total_frames, bands]; offsets, n_frames: [clips].
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
        self.fabric = fabric
        self.highest_lr = optimizer.defaults["lr"]
        self.module, self.optimizer = fabric.setup(projector, optimizer)
        self.schedule = schedule
        self.criterion = criterion
        self.views = views
        self.frames = frames
        self.offsets = torch.from_numpy(offsets)
        self.n_frames = torch.from_numpy(n_frames)
        self.settings = settings
        self.n_epochs = settings.n_epochs
        self.steps_per_epoch = len(self._batches(epoch=0))

    def step(self, number: int) -> Tensor:
        """Take one step and return its loss, which stays on the device."""
        epoch, position = divmod(number, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(number)
        z_a, z_b = self.project(self.make_views(epoch, position))
        loss = self.criterion(z_a, z_b)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def make_views(self, epoch: int, position: int) -> Tensor:
        """Return the views of one step: [2, batch, frames, bands], on the device."""
        clips = torch.from_numpy(self._batches(epoch)[position])
        generator = step_generator(self.settings.seed, epoch, position)
        torch.manual_seed(generator.initial_seed())  # for an encoder's dropout
        draws = self.views.draw(clips, self.n_frames, generator)
        return self.views.apply(self.frames, self.offsets, draws, self.fabric.device)

    def project(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_a and z_b: [batch, out_dim] each."""
        if self.settings.merge_views:
            z_a, z_b = self.module(views.flatten(0, 1)).chunk(2)
            return z_a, z_b
        return self.module(views[0]), self.module(views[1])

    def learning_rate(self, number: int) -> float:
        """Return the learning rate of one step."""
        epoch = number / self.steps_per_epoch
        return self.highest_lr * self.schedule(epoch, self.n_epochs)

    def _batches(self, epoch: int) -> list[np.ndarray]:
        order = clip_order(len(self.n_frames), self.settings.seed, epoch)
        return batches(order, self.settings.batch_size)
