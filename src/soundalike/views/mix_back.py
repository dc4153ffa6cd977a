"""Mix-back: another patch in the background of a patch."""

import math
from typing import Literal, get_args

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws, uniform_integers

Source = Literal["none", "other_clips", "within_clip"]
Scale = Literal["power", "log"]


def mix_back(patch: Tensor, background: Tensor, weight: Tensor) -> Tensor:
    """Mix a background into a patch that stays dominant (mix-back; Fonseca et al. 2021).

    The background is first scaled to the energy of the patch. So ``weight`` is the background's
    share of the energy, and the mixture has exactly the energy of the patch.

    Args:
        patch: log10-mel energies of the patch.
        background: log10-mel energies of an unrelated patch.
        weight: share of the background, in [0, 1).

    Shape:
        patch, background, result: [..., frames, bands]; weight: [...].

    >>> patch, background = torch.zeros(1, 2, 3), torch.ones(1, 2, 3)  # constant patches: unchanged
    >>> torch.allclose(mix_back(patch, background, torch.tensor([0.5])), patch, atol=1e-6)
    True
    """
    patch_power = _power(patch)
    background_power = _power(background)
    energy_ratio = _energy(patch_power) / _energy(background_power)
    share = weight[..., None, None]
    mixture = ((1 - share) * patch_power).addcmul_(share * energy_ratio, background_power)
    return mixture.log10_()


def mix_log_mels(patch: Tensor, background: Tensor, weight: Tensor) -> Tensor:
    """Mix log-mels linearly, as mixup does with images (Niizumi et al. 2021, without the exp).

    The result is not the log-mel of any mixture of sounds: a mean of logarithms is a product of
    energies. Standardizing before or after mixing gives the same result.

    Args:
        patch: log10-mel energies of the patch.
        background: log10-mel energies of an unrelated patch.
        weight: share of the background, in [0, 1).

    Shape:
        patch, background, result: [..., frames, bands]; weight: [...].
    """
    return patch.lerp(background, weight[..., None, None].expand_as(patch))


def _power(log_mel: Tensor) -> Tensor:
    return (log_mel * math.log2(10)).exp2_()  # 10**x, several times faster than pow


def _energy(power: Tensor) -> Tensor:
    return power.sum(dim=(-2, -1), keepdim=True)


def shortest_to_mix_within(patch_frames: int) -> int:
    """Return the frames of the shortest clip whose patches get backgrounds of the same clip."""
    return 4 * patch_frames


class MixBack:
    """Draw how much background the views of each clip get, and from where.

    The two views of a clip share one weight but have different backgrounds, so all they have in
    common is the clip.

    Args:
        alpha: highest weight; the weight of a clip is drawn from U(0, alpha). Higher values mix in
            louder backgrounds: harder positives, slower learning.
        source: "other_clips" takes the two backgrounds from two other clips. "within_clip" takes
            them from the same clip, outside the patch; clips shorter than four patches are not
            mixed. "none" mixes nothing.
        scale: "power" mixes energies, as sounds mix, with the background scaled to the patch
            (`mix_back`); "log" mixes log-mels linearly (`mix_log_mels`). Their alphas are not
            comparable: 0.05 is clearly audible in "power", and 0.4 is common in "log".

    Raises:
        ValueError: ``alpha`` is not in [0, 1), or there is no such ``source`` or ``scale``.
    """

    def __init__(
        self, alpha: float = 0.05, source: Source = "other_clips", scale: Scale = "power"
    ) -> None:
        if not 0 <= alpha < 1:
            raise ValueError(f"MixBack needs an alpha of at least 0 and below 1, got {alpha}.")
        if source not in get_args(Source):
            known = ", ".join(get_args(Source))
            raise ValueError(f"MixBack has no source {source!r}; choose one of {known}.")
        if scale not in get_args(Scale):
            raise ValueError(f"MixBack has no scale {scale!r}; choose power or log.")
        self.alpha = alpha
        self.source = source
        self.mix = mix_back if scale == "power" else mix_log_mels

    def draw(
        self,
        clips: Tensor,
        starts: Tensor,
        n_frames: Tensor,
        patch_frames: int,
        generator: torch.Generator,
    ) -> Draws:
        """Draw ``weight`` and the ``clip`` and ``start`` of every background.

        Args:
            clips: index of each clip of the batch among all clips.
            starts: first frame of its two patches.
            n_frames: frames of every clip, in the batch or not.
            patch_frames: frames of a patch.
            generator: on the CPU.

        Shape:
            clips: [batch]; starts: [batch, 2]; n_frames: [n_clips];
            weight: [batch]; clip, start: [batch, 2].

        Raises:
            ValueError: there are fewer than three clips.
        """
        weight = torch.empty(len(clips)).uniform_(0, self.alpha, generator=generator)
        if self.source == "other_clips":
            clip = _two_other_clips(clips, len(n_frames), generator)
            start = uniform_integers(n_frames[clip] - patch_frames + 1, generator)
            return {"weight": weight, "clip": clip, "start": start}
        clip = clips[:, None].repeat(1, 2)
        is_long = n_frames[clips] >= shortest_to_mix_within(patch_frames)
        is_mixed = is_long & (self.source == "within_clip")
        outside = _starts_outside(starts, n_frames[clip], patch_frames, generator)
        return {
            "weight": torch.where(is_mixed, weight, 0.0),
            "clip": clip,
            "start": torch.where(is_mixed[:, None], outside, starts),
        }


def _two_other_clips(clips: Tensor, n_clips: int, generator: torch.Generator) -> Tensor:
    """Draw two clips for each clip, different from it and from each other: [batch, 2]."""
    if n_clips < 3:
        raise ValueError(
            f"mixing with two other clips needs at least 3 clips, got {n_clips}: add clips, or set "
            "views.mix_back to null."
        )
    # Distances around the circle of clips; the second skips the value of the first.
    n_others = torch.full((len(clips),), n_clips - 1)
    first = 1 + uniform_integers(n_others, generator)
    second = 1 + uniform_integers(n_others - 1, generator)
    second = second + (second >= first)
    return (clips[:, None] + torch.stack([first, second], dim=1)) % n_clips


def _starts_outside(
    starts: Tensor, n_frames: Tensor, patch_frames: int, generator: torch.Generator
) -> Tensor:
    """Draw starts of patches that do not overlap the patches at ``starts``."""
    n_before = (starts - patch_frames + 1).clamp(min=0)
    n_after = (n_frames - 2 * patch_frames - starts + 1).clamp(min=0)
    index = uniform_integers((n_before + n_after).clamp(min=1), generator)
    return torch.where(index < n_before, index, index - n_before + starts + patch_frames)
