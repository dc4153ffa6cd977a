"""Random resized crop: a part of a patch, stretched to the size of the patch."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws, uniform_integers
from soundalike.views.resampling import interpolate


class ResizedCrop:
    """Cut a box out of a patch and stretch it back to the patch's frames and bands.

    Stretching a box changes tempo and pitch a little. A box that does not fit into the patch is
    redrawn, up to ten times; after that the whole patch is used. With the default settings about
    59% of the draws do not fit, including nearly all boxes whose proportions differ much from the
    patch. The box is resampled bilinearly with half-pixel centers, from its own values only.

    Fonseca et al. 2021; the box is drawn as in Szegedy et al. 2015, "Going Deeper with
    Convolutions".

    Args:
        area: lowest and highest area of the box as a share of the patch, drawn uniformly.
        aspect: lowest and highest ratio of the box's bands to its frames; its logarithm is drawn
            uniformly.

    Raises:
        ValueError: a range is empty or not increasing, or an area is above 1.
    """

    n_tries = 10

    def __init__(
        self, area: Sequence[float] = (0.8, 1.0), aspect: Sequence[float] = (3 / 4, 4 / 3)
    ) -> None:
        if len(area) != 2 or not 0 < area[0] <= area[1] <= 1:
            raise ValueError(f"ResizedCrop needs an area [low, high] in (0, 1], got {area}.")
        if len(aspect) != 2 or not 0 < aspect[0] <= aspect[1] < math.inf:
            raise ValueError(f"ResizedCrop needs an aspect [low, high] above 0, got {aspect}.")
        self.area = tuple(area)
        self.aspect = tuple(aspect)

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one box per patch: ``first_frame``, ``first_band``, ``n_frames``, ``n_bands``."""
        tries = (n, self.n_tries)
        area = torch.empty(tries).uniform_(*self.area, generator=generator) * n_frames * n_bands
        log_aspect = torch.empty(tries).uniform_(*map(math.log, self.aspect), generator=generator)
        box_frames = (area / log_aspect.exp()).sqrt().round().long()
        box_bands = (area * log_aspect.exp()).sqrt().round().long()
        # The whole patch comes last, so it is the first that fits if no draw does.
        box_frames = torch.cat([box_frames, torch.full((n, 1), n_frames)], dim=1)
        box_bands = torch.cat([box_bands, torch.full((n, 1), n_bands)], dim=1)
        fits = (
            (box_frames > 0) & (box_frames <= n_frames) & (box_bands > 0) & (box_bands <= n_bands)
        )
        first_fit = fits.int().argmax(dim=1, keepdim=True)
        box_frames = box_frames.gather(1, first_fit).squeeze(1)
        box_bands = box_bands.gather(1, first_fit).squeeze(1)
        return {
            "first_frame": uniform_integers(n_frames - box_frames + 1, generator),
            "first_band": uniform_integers(n_bands - box_bands + 1, generator),
            "n_frames": box_frames,
            "n_bands": box_bands,
        }

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Stretch every box to the size of its patch: [n, frames, bands]."""
        stretched = _stretch(patches, draws["first_frame"], draws["n_frames"], dim=1)
        return _stretch(stretched, draws["first_band"], draws["n_bands"], dim=2)


def _stretch(patches: Tensor, first: Tensor, size: Tensor, dim: int) -> Tensor:
    """Stretch ``size`` values from ``first`` on to the whole axis ``dim``, 1 or 2, linearly."""
    n_out = patches.shape[dim]
    first, size = first[:, None], size[:, None]
    center = torch.arange(n_out, device=patches.device) + 0.5
    position = (center * (size / n_out) - 0.5).clamp(min=0).minimum(size - 1)  # inside the box
    return interpolate(patches, position, dim, first)
