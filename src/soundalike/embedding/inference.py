"""Make a model faster for inference: the same network, computed differently."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import Encoder


def for_inference(model: SoundEncoder, dtype: torch.dtype) -> SoundEncoder:
    """Return a faster copy of a model, which cannot be trained or saved.

    Batch norms are folded into the convolutions before them, weights are stored channels last, and
    all layers but recurrent ones compute in ``dtype``. In float32 embeddings change by rounding
    only; in bfloat16 their cosine to the exact ones stays above 0.999.

    Args:
        model: the original, which does not change.
        dtype: float32, or bfloat16 where the machine supports it natively.
    """
    return model.with_encoder(_InferenceEncoder(model.encoder, dtype), model.whitening).eval()


class _InferenceEncoder(Encoder):
    """An encoder with folded batch norms, in another data type."""

    def __init__(self, encoder: Encoder, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = _folded(copy.deepcopy(encoder).eval())
        self.dim, self.min_frames, self.dtype = encoder.dim, encoder.min_frames, dtype
        for layer in self.network.modules():
            # A recurrent layer is small, and its rounding errors would accumulate over many steps.
            if not list(layer.children()) and not isinstance(layer, nn.RNNBase):
                layer.to(dtype)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def blocks(self) -> dict[str, nn.Module]:
        return dict(self.network.named_children())

    def embed(self, patches: Tensor) -> Tensor:
        return self.network(patches.to(self.dtype)).float()


def _folded(module: nn.Module) -> nn.Module:
    """Fold every batch norm into the convolution that is defined right before it."""
    previous: tuple[str, nn.Module] | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and previous and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            setattr(module, name, nn.Identity())
        previous = name, _folded(child)
    return module
