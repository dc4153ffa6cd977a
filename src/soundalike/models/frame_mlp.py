"""An MLP on every frame of maps, without pooling over frequency."""

from torch import Tensor, nn

from soundalike.models.time_pooling import frames_of


class FrameMLP(nn.Module):
    """Embed every frame by an MLP of all its channels and bands.

    The layers before pooling over time of AudioNTT (Niizumi et al. 2021, "BYOL for Audio").

    Args:
        in_dim: channels x bands of the maps.
        dim: size of h, an even number: mean and maximum of the embedded frames.

    Shape:
        maps: [batch, channels, frames, bands]; result: [batch, frames, dim / 2].

    Raises:
        ValueError: ``dim`` is odd or below 2, or the maps do not fit ``in_dim``.
    """

    def __init__(self, in_dim: int, dim: int) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"dim must be even and at least 2, got {dim}.")
        self.hidden = nn.Linear(in_dim, dim // 2)
        self.out = nn.Linear(dim // 2, dim // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Embed every frame."""
        frames = frames_of(maps)
        if frames.shape[2] != self.hidden.in_features:
            raise ValueError(
                "The encoder was built for another number of bands: its maps have "
                f"{frames.shape[2]} values per frame, not {self.hidden.in_features}. Set the "
                "encoder's n_bands to front_end.n_mels."
            )
        return self.out(self.hidden(frames).relu()).relu()
