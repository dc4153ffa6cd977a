"""Circular shifts of a patch in time and in frequency."""

from collections.abc import Sequence

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws, uniform_integers
from soundalike.views.resampling import take


class TimeShift:
    """Shift a patch later, wrapping its end around to its beginning (Fonseca et al. 2021).

    Every frame stays in the patch, so its energy does not change.

    Args:
        frames: fewest and most frames of a shift, drawn uniformly.

    Raises:
        ValueError: ``frames`` is not an increasing range of at least 0.
    """

    def __init__(self, frames: Sequence[int] = (1, 29)) -> None:
        if len(frames) != 2 or not 0 <= frames[0] <= frames[1]:
            raise ValueError(f"TimeShift needs frames [fewest, most] of at least 0, got {frames}.")
        self.frames = tuple(frames)

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one ``shift`` per patch, in frames."""
        return {"shift": _draw_shift(n, self.frames, generator)}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Shift every patch: [n, frames, bands]."""
        return circular_shift(patches, draws["shift"], dim=1)


class FrequencyShift:
    """Shift a patch up, wrapping its top around to its bottom (Fonseca et al. 2021).

    Above about 1 kHz, where mel bands are spaced logarithmically, this raises the pitch of every
    partial by the same interval.

    Args:
        bands: fewest and most bands of a shift, drawn uniformly.

    Raises:
        ValueError: ``bands`` is not an increasing range of at least 0.
    """

    def __init__(self, bands: Sequence[int] = (1, 9)) -> None:
        if len(bands) != 2 or not 0 <= bands[0] <= bands[1]:
            raise ValueError(
                f"FrequencyShift needs bands [fewest, most] of at least 0, got {bands}."
            )
        self.bands = tuple(bands)

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one ``shift`` per patch, in bands."""
        return {"shift": _draw_shift(n, self.bands, generator)}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Shift every patch: [n, frames, bands]."""
        return circular_shift(patches, draws["shift"], dim=2)


def circular_shift(patches: Tensor, shift: Tensor, dim: int) -> Tensor:
    """Shift every patch along axis ``dim`` by its own number of steps, wrapping around.

    Shape:
        patches, result: [n, frames, bands]; shift: [n] int64.

    >>> patches = torch.arange(8.0).view(2, 4, 1)
    >>> circular_shift(patches, torch.tensor([1, 2]), dim=1).squeeze()
    tensor([[3., 0., 1., 2.],
            [6., 7., 4., 5.]])
    """
    length = patches.shape[dim]
    index = torch.arange(length, device=patches.device)
    return take(patches, (index - shift[:, None]) % length, dim)


def _draw_shift(n: int, limits: tuple[int, ...], generator: torch.Generator) -> Tensor:
    fewest, most = limits
    return fewest + uniform_integers(torch.full((n,), most - fewest + 1), generator)
