"""Make a model faster for inference: the same network in another memory layout and number format.

Layers are never merged or left out. Folding batch norms into convolutions would save 1 to 4% of
the time (docs/performance.md), and which convolution comes before a norm cannot be seen from the
order in which a network defines its layers.
"""

import copy

import torch
from torch import Tensor, nn

from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import Encoder
from soundalike.models.pooling_encoder import PoolingEncoder


def for_inference(model: SoundEncoder, dtype: torch.dtype) -> SoundEncoder:
    """Return a faster copy of a model, which cannot be trained or saved.

    Weights are stored channels last, and convolutions and linear layers multiply in ``dtype``. In
    float32 embeddings change by rounding only; in bfloat16 their cosine to the exact ones stays
    above 0.999.

    Args:
        model: the original, which does not change.
        dtype: float32, or bfloat16 where the machine supports it natively.
    """
    encoder: Encoder
    if isinstance(model.encoder, PoolingEncoder):
        encoder = _InferencePoolingEncoder(model.encoder, dtype)
    else:
        encoder = _InferenceEncoder(model.encoder, dtype)
    return model.with_encoder(encoder, model.whitening).eval()


class _InferenceEncoder(Encoder):
    """An encoder in another memory layout, whose products are computed in another data type."""

    def __init__(self, encoder: Encoder, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = copy.deepcopy(encoder).eval()
        self.dim, self.min_frames, self.dtype = encoder.dim, encoder.min_frames, dtype
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if dtype != torch.float32:
            for layer in self.network.modules():
                # Autocast would cast these weights again for every batch. A subclass may read its
                # weights elsewhere, so it is left as it is.
                if type(layer) in (nn.Conv2d, nn.Linear):
                    layer.to(dtype)

    def blocks(self) -> dict[str, nn.Module]:
        return self.network.blocks()

    def embed(self, patches: Tensor) -> Tensor:
        with self._precision(patches):
            return self.network.embed(patches).float()

    def _precision(self, x: Tensor) -> torch.autocast:
        return torch.autocast(x.device.type, self.dtype, enabled=self.dtype != torch.float32)


class _InferencePoolingEncoder(_InferenceEncoder, PoolingEncoder):
    """The same for an encoder that pools h over time from maps."""

    network: PoolingEncoder

    def __init__(self, encoder: PoolingEncoder, dtype: torch.dtype) -> None:
        super().__init__(encoder, dtype)
        self.stride, self.context = encoder.stride, encoder.context

    def make_maps(self, patches: Tensor) -> Tensor:
        with self._precision(patches):
            return self.network.make_maps(patches)

    def pool(self, maps: Tensor) -> Tensor:
        with self._precision(maps):
            return self.network.pool(maps).float()

    def n_steps(self, n_frames: int) -> int:
        return self.network.n_steps(n_frames)
