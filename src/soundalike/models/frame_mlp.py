"""From maps of channels over frames and bands to h, without pooling over frequency."""

from torch import Tensor, nn

from soundalike.models.time_pooling import frames_of, mean_and_maximum


class FrameMLP(nn.Module):
    """Embed every frame by an MLP over all its channels and bands, then pool over time.

    The end of AudioNTT (Niizumi et al. 2021, "BYOL for Audio").

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
        frames = frames_of(maps)
        if frames.shape[2] != self.hidden.in_features:
            raise ValueError(
                f"The patches have another number of bands than the encoder was made for: its maps "
                f"have {frames.shape[2]} values a frame, not {self.hidden.in_features}; set the "
                "encoder's n_bands to front_end.n_mels."
            )
        return mean_and_maximum(self.out(self.hidden(frames).relu()).relu())
