"""Image networks of timm as encoders."""

from typing import Any

from torch import Tensor

from soundalike.models.encoder import Encoder


class TimmModel(Encoder):
    """A network of PyTorch Image Models (Wightman 2019) that processes a patch as a gray image.

    It needs the package timm: ``pip install "soundalike[timm]"``. h is the input of the network's
    classifier. The network must accept images of any size. Convolutional networks do; most
    transformers do not.

    Args:
        model: name of the network, such as "efficientnet_b0"; ``timm.list_models()`` lists all.
        arguments: arguments of ``timm.create_model``, such as ``{"drop_path_rate": 0.1}``.
        min_frames: the shortest patch; the network's strides would reduce a shorter one to nothing.

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
        except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision does not fit torch
            advice = 'The encoder "timm" needs the package timm: pip install "soundalike[timm]"'
            raise ValueError(f"{advice} ({error}).") from None
        arguments = {"in_chans": 1, "num_classes": 0, **(arguments or {})}
        try:
            self.network = timm.create_model(model, **arguments)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"timm cannot create {model!r}: {error}.") from None
        # MobileNets have a layer between the pooled maps and the classifier.
        self.dim = getattr(self.network, "head_hidden_size", self.network.num_features)
        self.min_frames = min_frames

    def embed(self, patches: Tensor) -> Tensor:
        """Return the input of the network's classifier."""
        return self.network(patches)
