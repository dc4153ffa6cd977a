"""A step of supervised training: labeled clips teach an encoder and a linear classifier."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import lightning_fabric
import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from soundalike.audio.frames import Frames
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.optim.schedules import Schedule
from soundalike.runtime.hardware import MemoryFormat
from soundalike.training.steps import Training
from soundalike.views.augmentation import Draws, uniform_integers


@dataclass(frozen=True)
class SupervisedSettings:
    """How long and how to train; the defaults are those of Fonseca et al. 2021.

    Args:
        n_epochs: passes over the clips; a clip gives one random patch a pass.
        batch_size: clips a step.
        patch_frames: frames of a patch; a model that is fine-tuned keeps its own.
        align_last_window: If true, a clip is also scored by a last window that ends with it.
        gain_db: most by which chance raises or lowers the level of a training patch.
        linear_probe_init: whether a model starts with the linear classifier that suits it, and
            keeps its windows, its whitening and the statistics of its batch norms, which that was
            fitted to: for few labels, of which all weights would learn too little to begin anew
            (Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform
            out-of-distribution").
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
    align_last_window: bool = False
    gain_db: float = 0.0
    linear_probe_init: bool = False
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
        if not 0 <= self.gain_db < math.inf:
            raise ValueError("training.gain_db must be at least 0, and a number.")


class SupervisedTraining(Training):
    """Classify one random patch of every clip, step by step; nothing but its level is changed.

    A model with windows longer than a patch takes a window of every clip, as it will hear them: the
    whole of a shorter clip.

    Args:
        fabric, optimizer, schedule, criterion, frames, settings: as for every `Training`.
        classifier: encoder and linear layer.
        labels: of the clips: [clips] int64, or [clips, classes] where a clip may have several.
    """

    def __init__(
        self,
        fabric: lightning_fabric.Fabric,
        classifier: SoundClassifier,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: torch.nn.Module,
        frames: Frames,
        labels: np.ndarray,
        settings: SupervisedSettings,
    ) -> None:
        super().__init__(
            fabric, classifier, optimizer, schedule, criterion, frames, settings, labels
        )
        self.model = classifier.model
        self.gain_db = settings.gain_db
        norms = [module for module in classifier.modules() if isinstance(module, _BatchNorm)]
        self.norms_kept = norms if settings.linear_probe_init else []

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw where the patch of each clip begins, and how much louder it is."""
        n_starts = (self.frames.n_frames[clips] - self._patch_frames(clips) + 1).clamp(min=1)
        patches = {"clip": clips, "start": uniform_integers(n_starts, generator)}
        if self.gain_db:
            share = torch.empty(len(clips)).uniform_(-1, 1, generator=generator)
            patches["gain"] = self.gain_db / 10 * share  # log10 of energies
        return {"patches": patches}

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the classifier's loss on one patch of each clip."""
        for norm in self.norms_kept:
            norm.eval()
        of_a_length = list(self._by_length(draws["patches"]))
        logits = torch.cat([self.module(self.cut(part)) for part in of_a_length])
        clips = torch.cat([part["clip"] for part in of_a_length])
        return self.criterion(logits, self.batch(clips, progress))

    def cut(self, draws: Draws) -> Tensor:
        """Cut patches of one length out of their clips; a clip shorter than a patch is repeated.

        Shape:
            result: [batch, frames, bands], on the device.
        """
        clips, starts = draws["clip"], draws["start"]
        patches = self.frames.cut(clips, starts, int(self._patch_frames(clips)[0]))
        patches = patches.to(self.fabric.device).float()
        if "gain" in draws:
            patches += draws["gain"].to(patches)[:, None, None]
        return patches

    def _patch_frames(self, clips: Tensor) -> Tensor:
        return torch.from_numpy(self.model.windows.length(self.frames.n_frames[clips].numpy()))

    def _by_length(self, patches: Draws) -> Iterator[Draws]:
        lengths = self._patch_frames(patches["clip"])
        for length in lengths.unique():
            yield {name: values[lengths == length] for name, values in patches.items()}
