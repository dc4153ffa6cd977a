"""Ears made ready to embed: the same embeddings, for every encoder there is."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models import ENCODERS
from soundalike.models.encoder import build_encoder


@pytest.fixture(params=ENCODERS)
def model(request):
    """A model whose batch normalizations do something, as those of a trained one."""
    torch.manual_seed(0)
    if request.param == "timm":
        pytest.importorskip("timm")
    encoder = build_encoder({"name": request.param})
    for layer in encoder.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.3, 3)
            layer.weight.data.uniform_(0.5, 2)
            layer.bias.data.normal_(0, 0.2)
    return SoundEncoder(
        encoder,
        {"name": request.param},
        LogMel(),
        Standardization(-4.0, 1.5),
        Windows.half_overlapping(101),
    ).eval()


@pytest.fixture
def patches():
    return torch.randn(6, 101, 96, generator=torch.Generator().manual_seed(1)) * 1.5 - 4


@torch.inference_mode()
def test_in_float32_only_rounding_differs(model, patches):
    exact = model(patches)
    fast = for_inference(model, torch.float32)(patches)
    assert (fast - exact).abs().max() < 1e-5 * exact.abs().max()


@torch.inference_mode()
def test_in_bfloat16_the_direction_stays(model, patches):
    fast = for_inference(model, torch.bfloat16)(patches)
    assert fast.dtype == torch.float32
    assert torch.cosine_similarity(fast, model(patches)).min() > 0.999


def test_no_batch_normalization_is_left_after_a_convolution(model):
    fast = for_inference(model, torch.float32)
    n_before = sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    n_after = sum(isinstance(m, nn.BatchNorm2d) for m in fast.modules())
    # The baseline has some in front of convolutions, and the small CNNs pool between the two.
    before = sum(name.endswith("bn_in") for name, _ in model.named_modules())
    pooled = {"audio_ntt": 3, "band_cnn": 4}.get(model.encoder_settings["name"], 0)
    assert n_before > 0
    assert n_after == before + pooled


def test_the_ear_is_left_as_it_is(model, patches):
    before = copy.deepcopy(model.encoder.state_dict())
    fast = for_inference(model, torch.bfloat16)
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.dtype == before[name].dtype
    assert fast.dim == model.dim
    assert fast.patch_frames == model.patch_frames


def test_sounds_are_encoded_alike(model):
    sound = np.random.default_rng(0).standard_normal(3 * 22050).astype(np.float32)
    exact = model.encode(sound, 22050)
    for dtype, least in ((torch.float32, 1 - 1e-6), (torch.bfloat16, 0.999)):
        fast = for_inference(model, dtype).encode(sound, 22050)
        assert model.similarity(exact[None], fast[None]).item() > least
