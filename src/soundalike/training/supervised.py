"""A step of supervised training: labelled clips teach an encoder and a linear classifier."""

from dataclasses import dataclass
from typing import Literal

import lightning_fabric
import numpy as np
import torch
from torch import Tensor

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.training.hardware import MemoryFormat
from soundalike.training.schedules import Schedule
from soundalike.training.steps import Training
from soundalike.views.augmentation import Draws, uniform_integers


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
        memory_format: how the channels of convolutions lie; "auto" takes what is faster.
        seed: of everything random.
    """

    n_epochs: int = 200
    batch_size: int = 128
    patch_frames: int = 101
    clip_score: Literal["arithmetic", "geometric"] = "arithmetic"
    validate_every_n_epochs: int = 1
    precision: str = "auto"
    memory_format: MemoryFormat = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        lowest = {"n_epochs": 1, "batch_size": 2, "patch_frames": 1, "seed": 0}
        for name, least in (lowest | {"validate_every_n_epochs": 1}).items():
            if getattr(self, name) < least:
                raise ValueError(f"training.{name} must be at least {least}.")


class SupervisedTraining(Training):
    """Classify one random patch of every clip, step by step, with no view operation.

    Args:
        fabric, optimizer, schedule, frames, offsets, n_frames: as for every `Training`.
        classifier: encoder and linear layer.
        criterion: loss of logits, labels and the share of the training that is done.
        labels: of the clips: [clips] int64, or [clips, classes] where a clip may have several.
        settings: how long and how.
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
        super().__init__(
            fabric, classifier, optimizer, schedule, frames, offsets, n_frames, settings
        )
        self.criterion = criterion
        self.patch_frames = classifier.ear.patch_frames
        self.labels = torch.from_numpy(labels)

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw where the patch of each clip begins."""
        n_starts = (self.n_frames[clips] - self.patch_frames + 1).clamp(min=1)
        return {"patches": {"clip": clips, "start": uniform_integers(n_starts, generator)}}

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the classifier's loss on one patch of each clip."""
        patches = self.cut(draws["patches"])
        labels = self.labels[draws["patches"]["clip"]].to(patches.device)
        return self.criterion(self.module(patches), labels, progress)

    def cut(self, draws: Draws) -> Tensor:
        """Cut a patch of each clip; a clip shorter than a patch is repeated.

        Shape:
            result: [batch, frames, bands], on the device.
        """
        clips, starts = draws["clip"], draws["start"]
        within = (starts[:, None] + torch.arange(self.patch_frames)) % self.n_frames[clips, None]
        rows = self.offsets[clips, None] + within
        return self.frames[rows.to(self.frames.device)].to(self.fabric.device).float()
