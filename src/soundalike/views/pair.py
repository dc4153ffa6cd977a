"""The order of a view: from a clip in the store to two views of it."""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

import torch
from torch import Tensor

from soundalike.audio.frames import Frames
from soundalike.views import AUGMENTATIONS
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Augmentation, Draws
from soundalike.views.mix_back import MixBack
from soundalike.views.patch_sampling import Mode, PatchSampling

Settings = Mapping[str, Any]
Device = torch.device | str


class PairOfViews:
    """Make two views of every clip of a batch (Fonseca et al. 2021).

    A view is a patch of the clip, mixed with a background, augmented in the order of
    ``AUGMENTATIONS``, and standardized. Steps that are missing or None are skipped.

    Randomness is in ``draw`` alone, which draws a few numbers for each view. ``apply`` is a pure
    function of these draws and computes both views of the whole batch at once. The first axis of
    every draw is the batch; where the two views differ, the second axis is the view. So slicing
    every tensor gives the draws of a part of the batch.

    Args:
        patch_frames: length of a patch, in frames; 101 are a second by default.
        n_bands: bands of a patch.
        patch_sampling: "random" draws the starts of both patches independently; "same" makes both
            views from one patch; "apart" starts the second patch ``distance_frames`` after the
            first (`PatchSampling`).
        distance_frames: distance between the starts of the two patches, for "apart" only; by
            default ``patch_frames``, so that the patches are adjacent.
        activity_threshold_db: if set, silent patches are redrawn: those with hardly any frame less
            than this many decibels below the loudest frame of the clip (`Activity`).
        mix_back: settings of `MixBack`.
        mean: mean of the training clips' log-mels, subtracted last.
        std: their standard deviation, divided by last.
        **augmentations: settings of each augmentation, by its name in ``AUGMENTATIONS``.

    Raises:
        ValueError: a setting is out of range, or there is no augmentation of that name.

    >>> views = PairOfViews(mix_back={"alpha": 0.05}, compression={"lowest": 0.75}, noise={})
    >>> list(views.augmentations)
    ['compression', 'noise']
    """

    def __init__(
        self,
        *,
        patch_frames: int = 101,
        n_bands: int = 96,
        patch_sampling: Mode = "random",
        distance_frames: int | None = None,
        activity_threshold_db: float | None = None,
        mix_back: Settings | None = None,
        mean: float = 0.0,
        std: float = 1.0,
        **augmentations: Settings | None,
    ) -> None:
        if activity_threshold_db is not None and not activity_threshold_db > 0:
            raise ValueError(f"activity_threshold_db must be above 0, got {activity_threshold_db}.")
        if not std > 0:
            raise ValueError(f"The standard deviation must be above 0, got {std}.")
        self.patch_sampling = PatchSampling(patch_sampling, patch_frames, distance_frames)
        self.patch_frames = patch_frames
        self.n_bands = n_bands
        self.activity_threshold_db = activity_threshold_db
        self.mix_back = None if mix_back is None else MixBack(**mix_back)
        self.augmentations = _build_augmentations(augmentations)
        self.mean = mean
        self.std = std

    def draw(
        self,
        clips: Tensor,
        n_frames: Tensor,
        generator: torch.Generator,
        activity: Activity | None = None,
    ) -> dict[str, Draws]:
        """Draw everything that the views of a batch of clips need, by the name of the step.

        Args:
            clips: index of each clip of the batch among all clips.
            n_frames: frames of every clip.
            generator: on the CPU.
            activity: of all clips; if given, silent patches are redrawn.

        Shape:
            clips: [batch] int64; n_frames: [n_clips] int64.

        Raises:
            ValueError: a clip is shorter than a patch, or there are too few clips to mix with.
        """
        shortest = int(n_frames.argmin())
        if n_frames[shortest] < self.patch_frames:
            raise ValueError(
                f"Clip {shortest} has {int(n_frames[shortest])} frames, fewer than a patch of "
                f"{self.patch_frames}; prepare longer clips or use shorter patches."
            )
        starts = self.patch_sampling.draw(clips, n_frames, generator, activity)
        draws = {"patches": {"clip": clips[:, None].repeat(1, 2), "start": starts}}
        if self.mix_back is not None:
            draws["mix_back"] = self.mix_back.draw(
                clips, starts, n_frames, self.patch_frames, generator
            )
        batch = len(clips)
        for name, augmentation in self.augmentations.items():
            of_views = augmentation.draw(2 * batch, self.patch_frames, self.n_bands, generator)
            draws[name] = {key: value.unflatten(0, (batch, 2)) for key, value in of_views.items()}
        return draws

    def apply(
        self, frames: Frames, draws: Mapping[str, Draws], device: Device | None = None
    ) -> Tensor:
        """Make the two views of every clip of a batch.

        Args:
            frames: log-mels of all clips.
            draws: what ``draw`` returned, or the same slice of every tensor of it.
            device: where the views are computed; by default where the frames are.

        Shape:
            result: [2, batch, frames, bands] float32.
        """
        patches = self.cut(frames, draws["patches"], device)
        if self.mix_back is not None:
            backgrounds = self.cut(frames, draws["mix_back"], device)
            weight = draws["mix_back"]["weight"].to(patches.device)
            patches = self.mix_back.mix(patches, backgrounds, weight)
        return (self.augment(patches, draws) - self.mean) / self.std

    def cut(self, frames: Frames, draws: Draws, device: Device | None = None) -> Tensor:
        """Cut the patches, or the backgrounds, of both views.

        Args:
            frames: log-mels of all clips.
            draws: ``clip`` and ``start``: the draws of "patches" or of "mix_back".
            device: where the result is; by default where the frames are.

        Shape:
            clip, start: [batch, 2]; result: [2, batch, frames, bands] float32.

        Raises:
            ValueError: the frames do not have ``n_bands`` bands.
        """
        if frames.n_bands != self.n_bands:
            raise ValueError(
                f"The clips have {frames.n_bands} bands but n_bands is {self.n_bands}; set it to "
                "that of the clips."
            )
        patches = frames.cut(draws["clip"].T, draws["start"].T, self.patch_frames)
        return patches.to(device or patches.device).float()

    def augment(self, patches: Tensor, draws: Mapping[str, Draws]) -> Tensor:
        """Augment the patches of both views, in order.

        Shape:
            patches, result: [2, batch, frames, bands].
        """
        views = patches.flatten(0, 1)
        for name, augmentation in self.augmentations.items():
            of_views = {
                key: value.transpose(0, 1).flatten(0, 1).to(views.device)
                for key, value in draws[name].items()
            }
            views = augmentation.apply(views, of_views)
        return views.reshape(patches.shape)


def _build_augmentations(settings: Mapping[str, Settings | None]) -> dict[str, Augmentation]:
    """Build the augmentations that have settings, in the order of the table."""
    for name in settings.keys() - AUGMENTATIONS.keys():
        raise ValueError(
            f"There is no augmentation {name!r}; choose from {', '.join(AUGMENTATIONS)}."
        )
    return {
        name: resolve_name(constructor)(**arguments)
        for name, constructor in AUGMENTATIONS.items()
        if (arguments := settings.get(name)) is not None
    }
