"""Log-mels of many clips, end to end in one array, and where each clip lies in it."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from soundalike.audio.transfer import to_device


@dataclass(frozen=True)
class Frames:
    """Log-mels of many clips.

    Clips may overlap, and need not cover all frames.

    Args:
        values: log10-mel energies of all clips, of any floating type.
        offsets: first frame of each clip.
        n_frames: number of frames of each clip.

    Shape:
        values: [total_frames, bands]; offsets, n_frames: [clips] int64.
    """

    values: Tensor
    offsets: Tensor
    n_frames: Tensor

    @classmethod
    def from_arrays(cls, values: np.ndarray, offsets: np.ndarray, n_frames: np.ndarray) -> "Frames":
        """Return frames that share the memory of arrays, which may be memory-mapped."""
        with warnings.catch_warnings():  # the map may be read-only; nothing here writes to it
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            return cls(*map(torch.from_numpy, (values, offsets, n_frames)))

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.offsets)

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return self.values.shape[1]

    def to(self, device: torch.device) -> "Frames":
        """Return the frames on another device, if they fill less than half of a GPU's free memory.

        Otherwise the values stay where they are. Offsets and lengths stay on the CPU.
        """
        n_bytes = self.values.numel() * self.values.element_size()
        if device.type == "cuda" and n_bytes >= torch.cuda.mem_get_info(device)[0] / 2:
            return self
        return (
            self if device == self.values.device else replace(self, values=self.values.to(device))
        )

    def cut(self, clips: Tensor, starts: Tensor, length: int) -> Tensor:
        """Cut a patch from each of some clips; a clip that ends before its patch is repeated.

        Args:
            clips: index of the clip of each patch.
            starts: first frame of each patch in its clip.
            length: frames of a patch.

        Shape:
            clips, starts: [...] int64; result: [..., length, bands], like the values.

        >>> frames = Frames(torch.arange(5.0)[:, None], torch.tensor([0, 2]), torch.tensor([2, 3]))
        >>> frames.cut(torch.tensor([0, 1]), torch.tensor([0, 1]), length=3).squeeze()
        tensor([[0., 1., 0.],
                [3., 4., 2.]])
        """
        clips, starts = clips.to(self.offsets.device), starts.to(self.offsets.device)
        # Three numbers a patch go to the device, not one a frame.
        places = torch.stack([self.offsets[clips], self.n_frames[clips], starts])
        offsets, n_frames, starts = to_device(places, self.values.device)[..., None]
        steps = torch.arange(length, device=starts.device)
        rows = (offsets + (starts + steps) % n_frames).flatten()
        # Whole frames at once: several times faster than two indices per frame.
        return self.values.index_select(0, rows).view(*clips.shape, length, self.n_bands)
