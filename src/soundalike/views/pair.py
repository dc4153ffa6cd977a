"""The order of a view: from a clip in the store to two views of it."""

import difflib
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from soundalike.views import AUGMENTATIONS
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Augmentation, Draws, uniform_integers
from soundalike.views.mix_back import MixBack

Settings = Mapping[str, Any]
PatchSampling = Literal["random", "same", "apart"]

N_TRIES = 10  # of finding a patch in which something happens


class PairOfViews:
    """Make two views of every clip of a batch (Fonseca et al. 2021).

    A view is a patch of the clip, mixed with a background, augmented in the order of
    ``AUGMENTATIONS`` and standardized, in this order. ``draw`` holds all of the chance, a few
    numbers a view; ``apply`` is a pure function of the draws and works on the whole batch, both
    views at once. What is not named, or is None, is left out.

    Every draw has the clips of the batch as its first axis and, where it differs between the views,
    the two views as its second, so the draws of a part of the batch are a slice of every tensor.

    Args:
        patch_frames: frames of a patch.
        n_bands: bands of a patch.
        patches: "random" cuts two patches of a clip independently, each start equally likely;
            "same" makes both views from one patch; "apart" begins the second ``distance_frames``
            after the first, which starts anywhere that leaves room for it.
        distance_frames: frames from the start of one patch to that of the other, for "apart" only;
            by default ``patch_frames``, so that they touch. In a clip too short for it they are as
            far apart as the clip allows.
        activity_threshold_db: cuts patches in which something happens: energy within so many
            decibels of the clip's loudest frame, as ``Activity`` tells. By default anywhere.
        mix_back: settings of ``MixBack``.
        mean: mean of the training clips' log-mels, subtracted last.
        std: their standard deviation, divided by last.
        **augmentations: settings of each augmentation, by its name in ``AUGMENTATIONS``.

    Raises:
        ValueError: a setting is out of its range, or there is no augmentation of that name.

    >>> views = PairOfViews(mix_back={"alpha": 0.05}, compression={"lowest": 0.75}, noise={})
    >>> list(views.augmentations)
    ['compression', 'noise']
    """

    def __init__(
        self,
        *,
        patch_frames: int = 101,
        n_bands: int = 96,
        patches: PatchSampling = "random",
        distance_frames: int | None = None,
        activity_threshold_db: float | None = None,
        mix_back: Settings | None = None,
        mean: float = 0.0,
        std: float = 1.0,
        **augmentations: Settings | None,
    ) -> None:
        if patch_frames < 1:
            raise ValueError(f"A patch needs at least 1 frame, got patch_frames {patch_frames}.")
        if patches not in get_args(PatchSampling):
            known = ", ".join(get_args(PatchSampling))
            raise ValueError(f"There are no {patches!r} patches; choose one of {known}.")
        if distance_frames is not None and patches != "apart":
            raise ValueError(f"{patches!r} patches have no distance_frames; leave it out.")
        if distance_frames is not None and distance_frames < 0:
            raise ValueError(f"distance_frames must be at least 0, got {distance_frames}.")
        if activity_threshold_db is not None and not activity_threshold_db > 0:
            raise ValueError(f"activity_threshold_db must be above 0, got {activity_threshold_db}.")
        if not std > 0:
            raise ValueError(f"The standard deviation must be above 0, got {std}.")
        for name in augmentations.keys() - AUGMENTATIONS.keys():
            nearest = difflib.get_close_matches(name, AUGMENTATIONS, n=1, cutoff=0)[0]
            raise ValueError(f"There is no augmentation {name!r}; did you mean {nearest!r}?")
        self.patch_frames = patch_frames
        self.n_bands = n_bands
        self.patches = patches
        self.distance_frames = patch_frames if distance_frames is None else distance_frames
        self.activity_threshold_db = activity_threshold_db
        self.mix_back = None if mix_back is None else MixBack(**mix_back)
        self.augmentations: dict[str, Augmentation] = {}
        for name, augmentation in AUGMENTATIONS.items():
            settings = augmentations.get(name)
            if settings is not None:
                self.augmentations[name] = resolve_name(augmentation)(**settings)
        self.mean = mean
        self.std = std

    def draw(
        self,
        clips: Tensor,
        n_frames: Tensor,
        generator: torch.Generator,
        activity: Activity | None = None,
    ) -> dict[str, Draws]:
        """Draw everything the views of a batch of clips need, by the name of the step.

        Args:
            clips: index of each clip of the batch among all clips.
            n_frames: frames of every clip.
            generator: on the CPU.
            activity: of all clips, for patches in which something happens.

        Shape:
            clips: [batch] int64; n_frames: [n_clips] int64.

        Raises:
            ValueError: a clip is shorter than a patch, or there are too few clips to mix with.
        """
        shortest = int(n_frames.argmin())
        if n_frames[shortest] < self.patch_frames:
            raise ValueError(
                f"Clip {shortest} has {int(n_frames[shortest])} frames, fewer than a patch of "
                f"{self.patch_frames}; prepare it longer or choose shorter patches."
            )
        batch = len(clips)
        starts = self._draw_starts(n_frames[clips], generator)
        if activity is not None:
            starts = self._where_active(starts, clips, n_frames[clips], generator, activity)
        draws = {"patches": {"clip": clips[:, None].repeat(1, 2), "start": starts}}
        if self.mix_back is not None:
            draws["mix_back"] = self.mix_back.draw(
                clips, starts, n_frames, self.patch_frames, generator
            )
        for name, augmentation in self.augmentations.items():
            drawn = augmentation.draw(2 * batch, self.patch_frames, self.n_bands, generator)
            draws[name] = {key: value.unflatten(0, (batch, 2)) for key, value in drawn.items()}
        return draws

    def _draw_starts(self, n_frames: Tensor, generator: torch.Generator) -> Tensor:
        """Draw the first frames of both patches of clips of so many frames: [batch, 2]."""
        n_starts = n_frames - self.patch_frames + 1
        if self.patches == "apart":
            distance = (n_starts - 1).clamp(max=self.distance_frames)
            first = uniform_integers(n_starts - distance, generator)
            return torch.stack([first, first + distance], dim=1)
        starts = uniform_integers(n_starts[:, None].repeat(1, 2), generator)
        return starts[:, :1].repeat(1, 2) if self.patches == "same" else starts

    def _where_active(
        self,
        starts: Tensor,
        clips: Tensor,
        n_frames: Tensor,
        generator: torch.Generator,
        activity: Activity,
    ) -> Tensor:
        """Draw both starts again, up to ten times, while nothing happens in one of the patches."""
        for _ in range(N_TRIES):
            active = activity.of_patches(clips[:, None].expand(-1, 2), starts, self.patch_frames)
            again = self._draw_starts(n_frames, generator)
            starts = torch.where(active.all(dim=1, keepdim=True), starts, again)
        return starts

    def apply(
        self,
        frames: Tensor,
        offsets: Tensor,
        draws: Mapping[str, Draws],
        device: torch.device | str | None = None,
    ) -> Tensor:
        """Make the two views of every clip of a batch.

        Args:
            frames: log10-mel energies of all clips, end to end.
            offsets: first frame of every clip.
            draws: what ``draw`` returned, or the same slice of every tensor of it.
            device: where the views are made; by default where the frames are.

        Shape:
            frames: [total_frames, bands] of any floating type; offsets: [n_clips] int64;
            result: [2, batch, frames, bands] float32.
        """
        patches = self.cut(frames, offsets, draws["patches"], device)
        if self.mix_back is not None:
            backgrounds = self.cut(frames, offsets, draws["mix_back"], device)
            weight = draws["mix_back"]["weight"].to(patches.device)
            patches = self.mix_back.mix(patches, backgrounds, weight)
        return (self.augment(patches, draws) - self.mean) / self.std

    def cut(
        self,
        frames: Tensor,
        offsets: Tensor,
        draws: Draws,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """Cut the patches, or the backgrounds, of both views from the clips.

        Args:
            frames: log10-mel energies of all clips, end to end.
            offsets: first frame of every clip.
            draws: ``clip`` and ``start``: the draws of "patches" or "mix_back".
            device: where the result is; by default where the frames are.

        Shape:
            frames: [total_frames, bands]; offsets: [n_clips]; clip, start: [batch, 2];
            result: [2, batch, frames, bands] float32.

        Raises:
            ValueError: the frames do not have ``n_bands`` bands.
        """
        if frames.shape[1] != self.n_bands:
            raise ValueError(
                f"The clips have {frames.shape[1]} bands and the views are made for "
                f"{self.n_bands}; set n_bands to that of the clips."
            )
        starts = offsets[draws["clip"].to(offsets.device)] + draws["start"].to(offsets.device)
        rows = starts.T[..., None] + torch.arange(self.patch_frames, device=starts.device)
        taken = frames.index_select(0, rows.flatten().to(frames.device))  # whole frames at once
        return taken.to(device or frames.device).float().view(*rows.shape, self.n_bands)

    def augment(self, patches: Tensor, draws: Mapping[str, Draws]) -> Tensor:
        """Augment the patches of both views, in order: [2, batch, frames, bands]."""
        views = patches.flatten(0, 1)
        for name, augmentation in self.augmentations.items():
            own = {
                key: value.transpose(0, 1).flatten(0, 1).to(views.device)
                for key, value in draws[name].items()
            }
            views = augmentation.apply(views, own)
        return views.reshape(patches.shape)
