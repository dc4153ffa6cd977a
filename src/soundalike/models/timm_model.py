"""Any image network of timm, listening."""

from typing import Any

from torch import Tensor

from soundalike.models.encoder import Encoder


class TimmModel(Encoder):
    """A network of PyTorch Image Models (Wightman 2019) that sees a patch as a picture.

    Needs the package timm: ``pip install "soundalike[timm]"``. h is what the network gives its
    classifier. Only networks for pictures of any size will do: convolutional ones do, most
    transformers do not.

    Args:
        model: name of the network, such as "efficientnet_b0"; ``timm.list_models()`` has them all.
        arguments: for ``timm.create_model``, such as ``{"drop_path_rate": 0.1}``.
        min_frames: the shortest patch; what is shorter vanishes in the network's strides.

    Shape:
        patches: [batch, 1, frames, bands]; h: [batch, dim].

    Raises:
        ValueError: timm is missing or does not know the network, or a patch is too short.
    """

    def __init__(
        self, model: str = "resnet18", arguments: dict[str, Any] | None = None, min_frames: int = 32
    ) -> None:
        super().__init__()
        try:
            import timm
        except (ImportError, RuntimeError) as error:  # or its torchvision is of another torch
            needed = 'The encoder "timm" needs the package timm: pip install "soundalike[timm]"'
            raise ValueError(f"{needed} ({error}).") from None
        given = {"in_chans": 1, "num_classes": 0, **(arguments or {})}
        try:
            self.network = timm.create_model(model, **given)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"timm cannot make {model!r}: {error}.") from None
        self.dim = self.network.num_features
        self.min_frames = min_frames

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches: the features in front of the network's classifier."""
        if patches.shape[2] < self.min_frames:
            raise ValueError(
                f"The network needs patches of at least {self.min_frames} frames, got "
                f"{patches.shape[2]}."
            )
        return self.network(patches)
