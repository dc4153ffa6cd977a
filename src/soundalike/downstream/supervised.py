"""Supervised training of an encoder and a linear classifier, one patch of each clip at a time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from soundalike.audio.frames import Frames
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.optim.schedules import Schedule
from soundalike.recipes.errors import recipe_errors
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.hardware import MemoryFormat, Precision, choose_hardware
from soundalike.training.steps import Training
from soundalike.views.augmentation import Draws, uniform_integers

if TYPE_CHECKING:
    import lightning_fabric


@dataclass(frozen=True)
class SupervisedSettings:
    """The section `training` of a recipe; the defaults are those of Fonseca et al. 2021.

    Args:
        n_epochs: passes over the clips, each with one random patch of every clip.
        batch_size: clips in a step.
        patch_frames: length of a patch in frames. A pre-trained model fixes it.
        align_last_window: If true, a last window that ends with the clip also counts in its score.
            A pre-trained model fixes it.
        gain_db: largest random change of a training patch's level. Higher values make the
            classifier less dependent on level.
        linear_probe_init: If true, training starts from a linear classifier fitted to the frozen
            model, and the model keeps its windows, its whitening and its batch norm statistics.
            With few labels, a random linear layer would distort the features before it has learned
            anything (Kumar et al. 2022, "Fine-tuning can distort pretrained features and
            underperform out-of-distribution").
        clip_score: mean that makes a clip's probabilities from those of its windows.
        validate_every_n_epochs: epochs between two scores of the validation clips, which choose the
            epoch.
        precision: "auto" selects bf16 where the machine supports it natively; or "32-true",
            "bf16-mixed", "16-mixed".
        memory_format: memory layout of convolutions; "auto" selects the faster one.
        seed: random seed of the weights and the order of clips.
    """

    n_epochs: int = 200
    batch_size: int = 128
    patch_frames: int = 101
    align_last_window: bool = True
    gain_db: float = 0.0
    linear_probe_init: bool = False
    clip_score: Literal["arithmetic", "geometric"] = "arithmetic"
    validate_every_n_epochs: int = 1
    precision: Precision = "auto"
    memory_format: MemoryFormat = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        lowest = {"n_epochs": 1, "batch_size": 2, "patch_frames": 1, "seed": 0}
        for name, least in (lowest | {"validate_every_n_epochs": 1}).items():
            if getattr(self, name) < least:
                raise ValueError(f"training.{name} must be at least {least}.")
        if not 0 <= self.gain_db < math.inf:
            raise ValueError("training.gain_db must be at least 0 and finite.")


def check_recipe(recipe: Recipe) -> None:
    """Build all that needs neither clips nor a model, so that a bad value is refused before.

    Raises:
        RecipeError: a value is out of range.
    """
    with recipe_errors():
        settings = SupervisedSettings(**recipe["training"])
        choose_hardware(settings.precision, settings.memory_format).fabric()
        build(OPTIMIZERS, recipe["optimizer"], [torch.nn.Parameter(torch.zeros(1))])
        build(SCHEDULES, recipe["schedule"])
        build(CLASSIFICATION_LOSSES, recipe["loss"])


class SupervisedTraining(Training):
    """Classify one random patch of every clip; its level may be random, and a loss may mix clips.

    If the windows of the model are longer than a patch, it trains on a window of every clip, and on
    the whole of a shorter clip.

    Args:
        fabric, optimizer, schedule, criterion, frames, settings: as for every `Training`.
        classifier: encoder and linear layer.
        network: what is trained: the classifier, or more linear layers on its encoder.
        labels: labels of the clips.

    Shape:
        labels: int64 [clips], or float32 [clips, classes] for several labels per clip.
    """

    criterion: ClassificationLoss

    def __init__(
        self,
        fabric: "lightning_fabric.Fabric",
        classifier: SoundClassifier,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        criterion: ClassificationLoss,
        frames: Frames,
        labels: np.ndarray,
        settings: SupervisedSettings,
    ) -> None:
        super().__init__(fabric, network, optimizer, schedule, criterion, frames, settings, labels)
        self.classifier = classifier
        self.gain_db = settings.gain_db
        norms = [module for module in classifier.modules() if isinstance(module, _BatchNorm)]
        self.frozen_norms = norms if settings.linear_probe_init else []

    def draw(self, clips: Tensor, generator: torch.Generator) -> dict[str, Draws]:
        """Draw the first frame of each clip's patch, its gain, and what it is mixed with."""
        lengths = self._patch_frames(clips)
        n_starts = (self.frames.n_frames[clips] - lengths + 1).clamp(min=1)
        patches = {"clip": clips, "start": uniform_integers(n_starts, generator)}
        if self.gain_db:
            fraction = torch.empty(len(clips)).uniform_(-1, 1, generator=generator)
            patches["gain"] = self.gain_db / 10 * fraction  # log10 of energies
        shares = self.criterion.draw_shares(len(clips), generator)
        if shares is not None:
            patches |= {"share": shares, "other": others_of_same_length(lengths, generator)}
        return {"patches": patches}

    def loss(self, draws: dict[str, Draws], progress: float) -> Tensor:
        """Return the classifier's loss on one patch of each clip."""
        for norm in self.frozen_norms:
            norm.eval()
        parts = list(self._by_length(draws["patches"]))
        logits = torch.cat([self.module(mixed(self.cut(part), part)) for part in parts])
        clips = torch.cat([part["clip"] for part in parts])
        batch = self.batch(clips, progress)
        if "share" in draws["patches"]:
            others = torch.cat([part["clip"][part["other"]] for part in parts])
            shares = torch.cat([part["share"] for part in parts]).to(logits.device)
            other_labels = self.batch(others, progress).labels
            batch = replace(batch, shares=shares, other_labels=other_labels)
        return self.criterion(logits, batch)

    def steps_of_scoring(self, n_frames: np.ndarray) -> float:
        """Return how many steps take about as long as scoring clips of these lengths.

        A step is a forward and a backward pass, which take as long as three forward passes.

        Shape:
            n_frames: [clips].
        """
        windows = self.classifier.model.windows
        lengths = windows.length(n_frames)
        n_scored = sum(
            len(windows.starts(int(n))) * length
            for n, length in zip(n_frames, lengths, strict=True)
        )
        mean_length = windows.length(self.frames.n_frames.numpy()).mean()
        return float(n_scored / (3 * min(self.batch_size, len(self.frames)) * mean_length))

    def cut(self, draws: Draws) -> Tensor:
        """Cut patches of one length from their clips; a clip shorter than a patch is repeated.

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
        return torch.from_numpy(
            self.classifier.model.windows.length(self.frames.n_frames[clips].numpy())
        )

    def _by_length(self, patches: Draws) -> Iterator[Draws]:
        lengths = self._patch_frames(patches["clip"])
        for length in lengths.unique():
            yield {name: values[lengths == length] for name, values in patches.items()}


def others_of_same_length(lengths: Tensor, generator: torch.Generator) -> Tensor:
    """Draw for each clip another one of the same length, as a position among those of that length.

    Every clip is drawn once; a clip may draw itself.

    Shape:
        lengths, result: int64 [clips].
    """
    others = torch.empty_like(lengths)
    for length in lengths.unique():
        is_of_length = lengths == length
        others[is_of_length] = torch.randperm(int(is_of_length.sum()), generator=generator)
    return others


def mixed(patches: Tensor, draws: Draws) -> Tensor:
    """Return each patch mixed with the patch of its other clip, if shares were drawn.

    Shape:
        patches, result: [batch, frames, bands].
    """
    if "share" not in draws:
        return patches
    shares = draws["share"].to(patches)[:, None, None]
    return shares * patches + (1 - shares) * patches[draws["other"]]
