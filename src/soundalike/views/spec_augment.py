"""SpecAugment: masked bands, masked frames and warped time."""

from typing import get_args

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws
from soundalike.views.masking import Fill, draw_masks, fill_values, mask_of
from soundalike.views.time_warping import draw_warp, warp_time

MOST_MASKS = 1000


class SpecAugment:
    """Warp a patch in time, then mask some of its bands and frames (Park et al. 2019).

    Masked parts cannot be relied on, so the clip must be recognized from the rest of the patch.

    The defaults are those released by Fonseca et al. 2021. The policy SM of Park et al. is
    ``warp_frames=40, mask_bands=15, mask_frames=70, mask_share=0.2, fill="mean"``, and SS the same
    with ``mask_bands=27``; they were designed for utterances of many seconds.

    Args:
        warp_frames: most frames by which a point moves (W); the point is farther than that from
            both ends. In a short patch it is limited to (n_frames - 3) // 2. 0 disables warping.
        n_frequency_masks: number of masks over bands (mF).
        mask_bands: widest mask over bands (F); widths are drawn from 0 to this.
        n_time_masks: number of masks over frames (mT).
        mask_frames: widest mask over frames (T).
        mask_share: widest mask over frames as a share of the patch (p); widths are drawn from 0 to
            the lower of both bounds.
        fill: value of masked parts: the patch's "minimum" or "mean", "zero", or "noise": Gaussian
            noise with the patch's mean and standard deviation. "zero" is 0 in log10 units, which is
            loud; Park et al. use 0 on normalized energies, which is "mean" here.

    Raises:
        ValueError: a number is below 0, there are more than `MOST_MASKS` masks of a kind,
            ``mask_share`` is above 1, or there is no such fill.
    """

    def __init__(
        self,
        warp_frames: int = 0,
        n_frequency_masks: int = 2,
        mask_bands: int = 19,
        n_time_masks: int = 2,
        mask_frames: int = 19,
        mask_share: float = 1.0,
        fill: Fill = "minimum",
    ) -> None:
        counts = {
            "warp_frames": warp_frames,
            "n_frequency_masks": n_frequency_masks,
            "mask_bands": mask_bands,
            "n_time_masks": n_time_masks,
            "mask_frames": mask_frames,
        }
        for name, count in counts.items():
            if count < 0:
                raise ValueError(f"SpecAugment needs {name} of at least 0, got {count}.")
        if max(n_frequency_masks, n_time_masks) > MOST_MASKS:
            raise ValueError(f"SpecAugment draws at most {MOST_MASKS} masks of a kind.")
        if not 0 <= mask_share <= 1:
            raise ValueError(f"SpecAugment needs a mask_share from 0 to 1, got {mask_share}.")
        if fill not in get_args(Fill):
            known = ", ".join(get_args(Fill))
            raise ValueError(f"SpecAugment has no fill {fill!r}; choose one of {known}.")
        self.warp_frames = warp_frames
        self.n_frequency_masks = n_frequency_masks
        self.mask_bands = mask_bands
        self.n_time_masks = n_time_masks
        self.mask_frames = mask_frames
        self.mask_share = mask_share
        self.fill = fill

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw the warp, the masks and a ``seed`` of every patch, even if they are not used.

        So settings that differ only in fill or warp draw the same masks.

        Shape:
            warp_from, warp_to, seed: [n]; first_band, n_bands: [n, n_frequency_masks];
            first_frame, n_frames: [n, n_time_masks].
        """
        warp = draw_warp(n, self.warp_frames, n_frames, generator)
        first_band, band_widths = draw_masks(
            n, self.n_frequency_masks, self.mask_bands, n_bands, generator
        )
        widest = min(self.mask_frames, int(self.mask_share * n_frames))
        first_frame, frame_widths = draw_masks(n, self.n_time_masks, widest, n_frames, generator)
        return warp | {
            "first_band": first_band,
            "n_bands": band_widths,
            "first_frame": first_frame,
            "n_frames": frame_widths,
            "seed": torch.randint(2**63 - 1, (n,), generator=generator),
        }

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Warp and mask every patch: [n, frames, bands]."""
        if self.warp_frames > 0:
            patches = warp_time(patches, draws["warp_from"], draws["warp_to"])
        _, n_frames, n_bands = patches.shape
        frames = mask_of(draws["first_frame"], draws["n_frames"], n_frames)
        bands = mask_of(draws["first_band"], draws["n_bands"], n_bands)
        fill = fill_values(patches, self.fill, draws["seed"])
        return torch.where(frames[:, :, None] | bands[:, None, :], fill, patches)
