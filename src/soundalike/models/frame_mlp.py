"""From maps of channels over frames and bands to h, without pooling over frequency."""

import torch
from torch import Tensor, nn


class FrameMLP(nn.Module):
    """Embed every frame by an MLP over all its channels and bands, then pool over time.

    Global average pooling forgets at which frequency a feature was found, which tells much of what
    a sound is; here each band keeps inputs of its own. The mean over time says what the patch
    sounds like, the maximum what happens in it; h holds both, one after the other (Niizumi et al.
    2021, "BYOL for Audio", who add them).

    Args:
        in_dim: channels times bands of the maps.
        dim: size of h, an even number.

    Shape:
        maps: [batch, channels, frames, bands]; h: [batch, dim].

    Raises:
        ValueError: ``dim`` is not an even number from 2 on, or the maps do not fit ``in_dim``.
    """

    def __init__(self, in_dim: int, dim: int) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"h needs an even dim of at least 2, got {dim}.")
        self.hidden = nn.Linear(in_dim, dim // 2)
        self.out = nn.Linear(dim // 2, dim // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the mean and the maximum over time of the embedded frames."""
        frames = maps.permute(0, 2, 1, 3).flatten(2)  # [batch, frames, channels * bands]
        if frames.shape[2] != self.hidden.in_features:
            raise ValueError(
                f"The patches have another number of bands than the encoder was made for: its maps "
                f"have {frames.shape[2]} values a frame, not {self.hidden.in_features}; set the "
                "encoder's n_bands to log_mel.n_mels."
            )
        frames = self.out(self.hidden(frames).relu()).relu()
        return torch.cat([frames.mean(dim=1), frames.amax(dim=1)], dim=1)
