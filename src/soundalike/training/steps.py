"""What all kinds of training share: batches, randomness, and the update of the weights."""

import abc
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from soundalike.audio.frames import Frames
from soundalike.audio.transfer import to_device
from soundalike.losses.batch import Batch
from soundalike.optim.schedules import Schedule
from soundalike.runtime.ranks import rank
from soundalike.training.draws import batches, clip_order, step_generator
from soundalike.training.plan import Plan
from soundalike.views.augmentation import Draws

if TYPE_CHECKING:
    import lightning_fabric


class Settings(Protocol):
    """What the section `training` of every recipe has."""

    @property
    def n_epochs(self) -> int:
        """Passes over the clips."""
        ...

    @property
    def batch_size(self) -> int:
        """Clips per step."""
        ...

    @property
    def seed(self) -> int:
        """Random seed."""
        ...


class Training(abc.ABC):
    """Steps over the clips of a store, each of them one update of the weights.

    The clips of a step and its draws depend only on the seed and the number of the step. All other
    state is in the module, the optimizer and the criterion. A subclass defines what it draws for
    its clips, on the CPU, and which loss follows from the draws.

    Args:
        fabric: devices and precision.
        module: the network to train.
        optimizer: over its parameters; its learning rate is the highest one.
        schedule: from epoch and number of epochs to the factor of the learning rate.
        criterion: the loss.
        frames: log-mels of the training clips, on the device or memory-mapped.
        settings: how long and how to train.
        labels: label of each clip, if the criterion needs labels.

    Attributes:
        n_clips: number of clips of an epoch.
        plan: where the schedule begins and ends; by default, after the epochs of the settings. With
            another number of steps the schedule is stretched or compressed.

    Shape:
        labels: [clips] int64, or [clips, classes].
    """

    def __init__(
        self,
        fabric: "lightning_fabric.Fabric",
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: nn.Module,
        frames: Frames,
        settings: Settings,
        labels: np.ndarray | None = None,
    ) -> None:
        self.fabric = fabric
        self.highest_lr = optimizer.defaults["lr"]
        self.module, self.optimizer = fabric.setup(module, optimizer)
        self.schedule = schedule
        self.criterion = criterion.to(fabric.device)
        self.frames = frames
        self.n_clips = len(frames)
        self.labels = None if labels is None else torch.from_numpy(labels)
        self.n_epochs = settings.n_epochs
        self.batch_size = settings.batch_size
        self.seed = settings.seed
        self._epoch, self._batches = 0, self._batches_of(epoch=0)
        self.steps_per_epoch = len(self._batches)
        self.plan = Plan(0, self.n_epochs * self.steps_per_epoch)

    @abc.abstractmethod
    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw everything that a step needs for its clips [batch], on the CPU."""

    @abc.abstractmethod
    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the loss of a step; `progress` is the share of the training that is complete."""

    def step(self, number: int) -> Tensor:
        """Take one step, counted from 0, and return its loss, which stays on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(number)
        loss = self.loss(self.draws_of(number), self.plan.progress(number))
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def draws_of(self, number: int) -> dict[str, Draws]:
        """Return the draws of a step."""
        epoch, position = divmod(number, self.steps_per_epoch)
        clips = torch.from_numpy(self._clips_of(epoch, position))
        generator = step_generator(self.seed, epoch, position)
        torch.manual_seed(generator.initial_seed() + rank())  # for an encoder's dropout
        return self.draw(clips, generator)

    def batch(self, clips: Tensor, progress: float) -> Batch:
        """Return what the loss may need to know about the clips of a step, on the device."""
        device = self.fabric.device
        labels = None if self.labels is None else to_device(self.labels[clips], device)
        return Batch(clips=to_device(clips, device), labels=labels, progress=progress)

    def learning_rate(self, number: int) -> float:
        """Return the learning rate of one step; a training of a single step has no warm-up."""
        if self.plan.n_steps - self.plan.first_step == 1:
            return self.highest_lr
        epoch = self.plan.progress(number, of=self.n_epochs)
        return self.highest_lr * self.schedule(epoch, self.n_epochs)

    def _clips_of(self, epoch: int, position: int) -> np.ndarray:
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._batches_of(epoch)
        return self._batches[position]

    def _batches_of(self, epoch: int) -> list[np.ndarray]:
        return batches(clip_order(len(self.frames), self.seed, epoch), self.batch_size)
