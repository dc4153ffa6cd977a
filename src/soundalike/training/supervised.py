"""A step of supervised training: labelled clips teach an encoder and a linear classifier."""

from dataclasses import dataclass
from typing import Literal

import lightning_fabric
import numpy as np
import torch
from torch import Tensor

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.training.draws import batches, clip_order, step_generator
from soundalike.training.optimizers import Schedule
from soundalike.views.augmentation import uniform_integers


@dataclass(frozen=True)
class SupervisedSettings:
    """How long and how to train; the defaults are those of Fonseca et al. 2021.

    Args:
        n_epochs: passes over the clips; a clip gives one random patch a pass.
        batch_size: clips a step.
        patch_frames: frames of a patch; an ear that is fine-tuned keeps its own.
        clip_score: mean of the patches' class probabilities that is the clip's.
        validate_every_n_epochs: how often the validation clips are scored to choose the epoch.
        precision: "auto" takes bf16 where the machine multiplies it natively; or "32-true",
            "bf16-mixed", "16-mixed".
        seed: of everything random.
    """

    n_epochs: int = 200
    batch_size: int = 128
    patch_frames: int = 101
    clip_score: Literal["arithmetic", "geometric"] = "arithmetic"
    validate_every_n_epochs: int = 1
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        lowest = {"n_epochs": 1, "batch_size": 2, "patch_frames": 1, "seed": 0}
        for name, least in (lowest | {"validate_every_n_epochs": 1}).items():
            if getattr(self, name) < least:
                raise ValueError(f"training.{name} must be at least {least}.")


class SupervisedTraining:
    """Classify one random patch of every clip, step by step, with no view operation.

    Which clips a step takes and which patches it cuts depend on the seed and the step's number
    alone; the network and the optimiser hold all else that a step depends on.

    Args:
        fabric: devices and precision.
        classifier: encoder and linear layer.
        optimizer: over the classifier's parameters; its learning rate is the highest one.
        schedule: from epoch and number of epochs to the factor of the learning rate.
        criterion: loss of logits, labels and the share of the training that is done.
        frames: log-mels of all clips end to end, on the device or memory-mapped.
        offsets: first frame of each clip that is trained on.
        n_frames: their lengths.
        labels: their classes.
        settings: how long and how.

    Shape:
        frames: [total_frames, bands]; offsets, n_frames: [clips]; labels: [clips] int64, or
        [clips, classes] where a clip may have several.
    """

    def __init__(
        self,
        fabric: lightning_fabric.Fabric,
        classifier: SoundClassifier,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: torch.nn.Module,
        frames: Tensor,
        offsets: np.ndarray,
        n_frames: np.ndarray,
        labels: np.ndarray,
        settings: SupervisedSettings,
    ) -> None:
        self.fabric = fabric
        self.patch_frames = classifier.ear.patch_frames
        self.highest_lr = optimizer.defaults["lr"]
        self.module, self.optimizer = fabric.setup(classifier, optimizer)
        self.schedule = schedule
        self.criterion = criterion
        self.frames = frames
        self.offsets = torch.from_numpy(offsets)
        self.n_frames = torch.from_numpy(n_frames)
        self.labels = torch.from_numpy(labels)
        self.settings = settings
        self.n_epochs = settings.n_epochs
        self.steps_per_epoch = len(self._batches(epoch=0))

    def step(self, number: int) -> Tensor:
        """Take one step and return its loss, which stays on the device."""
        epoch, position = divmod(number, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(number)
        clips = torch.from_numpy(self._batches(epoch)[position])
        generator = step_generator(self.settings.seed, epoch, position)
        torch.manual_seed(generator.initial_seed())  # for an encoder's dropout
        patches = self.cut(clips, generator)
        progress = number / (self.n_epochs * self.steps_per_epoch)
        labels = self.labels[clips].to(patches.device)
        loss = self.criterion(self.module(patches), labels, progress)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def cut(self, clips: Tensor, generator: torch.Generator) -> Tensor:
        """Cut a random patch of each clip; a clip shorter than a patch is repeated.

        Shape:
            clips: [batch]; result: [batch, frames, bands], on the device.
        """
        n_frames = self.n_frames[clips]
        n_starts = (n_frames - self.patch_frames + 1).clamp(min=1)
        starts = uniform_integers(n_starts, generator)
        within = starts[:, None] + torch.arange(self.patch_frames)
        rows = self.offsets[clips, None] + within % n_frames[:, None]
        return self.frames[rows.to(self.frames.device)].to(self.fabric.device).float()

    def learning_rate(self, number: int) -> float:
        """Return the learning rate of one step."""
        return self.highest_lr * self.schedule(number / self.steps_per_epoch, self.n_epochs)

    def _batches(self, epoch: int) -> list[np.ndarray]:
        order = clip_order(len(self.n_frames), self.settings.seed, epoch)
        return batches(order, self.settings.batch_size)
