"""What every training's steps share: their clips, their chance, and the update of the weights."""

import abc
from typing import Protocol

import lightning_fabric
import numpy as np
import torch
from torch import Tensor, nn

from soundalike.optim.schedules import Schedule
from soundalike.training.draws import batches, clip_order, step_generator
from soundalike.views.augmentation import Draws


class Settings(Protocol):
    """What the section `training` of every recipe has."""

    @property
    def n_epochs(self) -> int:
        """Passes over the clips."""
        ...

    @property
    def batch_size(self) -> int:
        """Clips a step."""
        ...

    @property
    def seed(self) -> int:
        """Of everything random."""
        ...


class Training(abc.ABC):
    """Steps over the clips of a store, each of them one update of the weights.

    Which clips a step takes and what it draws for them depend on the seed and the step's number
    alone; the module and the optimizer hold all else that a step depends on. A kind of training
    says what it draws for its clips, on the CPU, and what loss follows from the draws.

    Args:
        fabric: devices and precision.
        module: what is trained.
        optimizer: over its parameters; its learning rate is the highest one.
        schedule: from epoch and number of epochs to the factor of the learning rate.
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
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        frames: Tensor,
        offsets: np.ndarray,
        n_frames: np.ndarray,
        settings: Settings,
    ) -> None:
        self.fabric = fabric
        self.highest_lr = optimizer.defaults["lr"]
        self.module, self.optimizer = fabric.setup(module, optimizer)
        self.schedule = schedule
        self.frames = frames
        self.offsets = torch.from_numpy(offsets)
        self.n_frames = torch.from_numpy(n_frames)
        self.n_epochs = settings.n_epochs
        self.batch_size = settings.batch_size
        self.seed = settings.seed
        self._epoch, self._batches = 0, self._cut_into_batches(epoch=0)
        self.steps_per_epoch = len(self._batches)

    @abc.abstractmethod
    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw all that a step needs to know of its clips [batch], on the CPU."""

    @abc.abstractmethod
    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the loss of a step; `progress` is the share of the training that lies behind."""

    def step(self, number: int) -> Tensor:
        """Take one step, counted from 0, and return its loss, which stays on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(number)
        progress = number / (self.n_epochs * self.steps_per_epoch)
        loss = self.loss(self.draws_of(number), progress)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def draws_of(self, number: int) -> dict[str, Draws]:
        """Return what is drawn for the clips of a step."""
        epoch, position = divmod(number, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._cut_into_batches(epoch)
        clips = torch.from_numpy(self._batches[position])
        generator = step_generator(self.seed, epoch, position)
        torch.manual_seed(generator.initial_seed())  # for an encoder's dropout
        return self.draw(clips, generator)

    def learning_rate(self, number: int) -> float:
        """Return the learning rate of one step."""
        return self.highest_lr * self.schedule(number / self.steps_per_epoch, self.n_epochs)

    def _cut_into_batches(self, epoch: int) -> list[np.ndarray]:
        return batches(clip_order(len(self.n_frames), self.seed, epoch), self.batch_size)
