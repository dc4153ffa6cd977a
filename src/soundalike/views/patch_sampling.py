"""Where the two patches of a clip begin."""

from typing import Literal, get_args

import torch
from torch import Tensor

from soundalike.views.activity import Activity
from soundalike.views.augmentation import uniform_integers

Mode = Literal["random", "same", "apart"]

N_TRIES = 10  # to draw patches that are not silent


class PatchSampling:
    """Draw where the two patches of each clip begin.

    Args:
        mode: "random" draws both starts independently and uniformly; "same" uses one patch for both
            views; "apart" starts the second patch ``distance_frames`` after the first, which is
            drawn uniformly from the starts that leave room for it.
        patch_frames: frames of a patch.
        distance_frames: distance between the two starts, for "apart" only; by default
            ``patch_frames``, so that the patches are adjacent. Patches of a shorter clip are as far
            apart as the clip allows.

    Raises:
        ValueError: a setting is out of range.
    """

    def __init__(
        self, mode: Mode = "random", patch_frames: int = 101, distance_frames: int | None = None
    ) -> None:
        if patch_frames < 1:
            raise ValueError(f"patch_frames must be at least 1, got {patch_frames}.")
        if mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ValueError(f"There is no patch sampling {mode!r}; choose one of {known}.")
        if distance_frames is not None and mode != "apart":
            raise ValueError(f"distance_frames needs the patch sampling 'apart', not {mode!r}.")
        if distance_frames is not None and distance_frames < 0:
            raise ValueError(f"distance_frames must be at least 0, got {distance_frames}.")
        self.mode = mode
        self.patch_frames = patch_frames
        self.distance_frames = patch_frames if distance_frames is None else distance_frames

    def draw(
        self,
        clips: Tensor,
        n_frames: Tensor,
        generator: torch.Generator,
        activity: Activity | None = None,
    ) -> Tensor:
        """Draw the first frames of both patches of each clip of a batch.

        Args:
            clips: index of each clip of the batch among all clips.
            n_frames: frames of every clip, at least ``patch_frames``.
            generator: on the CPU.
            activity: of all clips; if given, starts are redrawn up to ten times while one of the
                two patches is silent.

        Shape:
            clips: [batch] int64; n_frames: [n_clips] int64; result: [batch, 2] int64.
        """
        starts = self._draw_anywhere(n_frames[clips], generator)
        if activity is None:
            return starts
        both = clips[:, None].expand(-1, 2)
        for _ in range(N_TRIES):
            active = activity.of_patches(both, starts, self.patch_frames).all(dim=1, keepdim=True)
            others = self._draw_anywhere(n_frames[clips], generator)
            starts = torch.where(active, starts, others)
        return starts

    def _draw_anywhere(self, n_frames: Tensor, generator: torch.Generator) -> Tensor:
        n_starts = n_frames - self.patch_frames + 1
        if self.mode == "apart":
            distance = (n_starts - 1).clamp(max=self.distance_frames)
            first = uniform_integers(n_starts - distance, generator)
            return torch.stack([first, first + distance], dim=1)
        starts = uniform_integers(n_starts[:, None].repeat(1, 2), generator)
        return starts[:, :1].repeat(1, 2) if self.mode == "same" else starts
