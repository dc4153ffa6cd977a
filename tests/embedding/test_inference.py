"""Faster models for inference have the same embeddings, for every encoder."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models import ENCODERS
from soundalike.models.encoder import Encoder, build_encoder

NARROW = {
    "resnet18": {"width": 8},
    "vgg": {"width": 8},
    "crnn": {"width": 16},
    "band_cnn": {"channels": [4, 8, 8, 8]},
    "audio_ntt": {"width": 8, "dim": 64},
    "frequency_resnet": {"width": 8, "dim": 64},
    "fsdnoisy18k_baseline": {},
}
INTERMEDIATE_FEATURES = {
    "resnet18": ["conv1", "bn1", "log_mel"],
    "vgg": ["conv0"],
    "crnn": ["conv1"],
    "band_cnn": ["conv1", "log_mel"],
    "audio_ntt": ["conv3"],
    "frequency_resnet": ["conv1", "layer1"],
    "fsdnoisy18k_baseline": ["conv1"],
}


def build_narrow(name):
    torch.manual_seed(0)
    return trained(build_encoder({"name": name, **NARROW[name]}))


def trained(encoder):
    """Give the batch norms of an encoder statistics and weights like those of a trained one."""
    for layer in encoder.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.3, 3)
            layer.weight.data.uniform_(0.5, 2)
            layer.bias.data.normal_(0, 0.2)
    return encoder.eval()


def model_of(encoder, name, intermediate_features=()):
    return SoundEncoder(
        encoder,
        {"name": name},
        LogMel(),
        Standardization(-4.0, 1.5),
        Windows.half_overlapping(101),
        intermediate_features,
    ).eval()


@pytest.fixture(params=[name for name in ENCODERS if name != "timm"])
def model(request):
    return model_of(build_narrow(request.param), request.param)


@pytest.fixture
def patches():
    return torch.randn(2, 101, 96, generator=torch.Generator().manual_seed(1)) * 1.5 - 4


@torch.inference_mode()
def assert_same(model, patches):
    exact = model(patches)
    fast = for_inference(model, torch.float32)(patches)
    assert (fast - exact).abs().max() < 1e-5 * exact.abs().max()
    fast = for_inference(model, torch.bfloat16)(patches)
    assert fast.dtype == torch.float32
    assert torch.cosine_similarity(fast, exact).min() > 0.999


def test_embeddings_are_the_same(model, patches):
    assert_same(model, patches)


@pytest.mark.parametrize("name", INTERMEDIATE_FEATURES)
def test_intermediate_features_are_the_same(name, patches):
    assert_same(model_of(build_narrow(name), name, INTERMEDIATE_FEATURES[name]), patches)


class NormalizedConv(nn.Conv2d):
    """A convolution that standardizes its kernel first, as some networks of timm do."""

    def forward(self, x: Tensor) -> Tensor:
        weight = (self.weight - self.weight.mean()) / self.weight.std()
        return self._conv_forward(x, weight, self.bias)


class OrdersItsLayersDifferently(Encoder):
    """Defines every norm right after a convolution whose output it does not get."""

    dim, min_frames = 4, 1

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Conv2d(1, 4, 3, padding=1)
        self.norm_of_shortcut = nn.BatchNorm2d(4)
        self.shortcut = NormalizedConv(4, 4, 1)
        self.norm_of_expand = nn.BatchNorm2d(4)
        self.unused = nn.Conv2d(4, 4, 1)

    def embed(self, patches: Tensor) -> Tensor:
        """Normalize each convolution by the norm that bears its name."""
        x = self.norm_of_expand(self.expand(patches)).relu()
        return (x + self.norm_of_shortcut(self.shortcut(x))).mean(dim=(2, 3))


def test_the_order_in_which_layers_are_defined_does_not_matter(patches):
    torch.manual_seed(0)
    assert_same(model_of(trained(OrdersItsLayersDifferently()), "custom"), patches)


@pytest.mark.parametrize("network", ["efficientnet_b0", "mobilenetv3_small_050", "densenet121"])
def test_networks_of_timm_are_the_same(network, patches):
    pytest.importorskip("timm")
    torch.manual_seed(0)
    encoder = trained(build_encoder({"name": "timm", "model": network}))
    assert_same(model_of(encoder, "timm"), patches)


def test_the_model_does_not_change(model):
    before = copy.deepcopy(model.encoder.state_dict())
    fast = for_inference(model, torch.bfloat16)
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.dtype == before[name].dtype
    assert fast.dim == model.dim
    assert fast.patch_frames == model.patch_frames


def test_sounds_have_the_same_embeddings():
    model = model_of(build_narrow("band_cnn"), "band_cnn")
    sound = np.random.default_rng(0).standard_normal(3 * 22050).astype(np.float32)
    exact = model.encode(sound, 22050)
    for dtype, least in ((torch.float32, 1 - 1e-6), (torch.bfloat16, 0.999)):
        fast = for_inference(model, dtype).encode(sound, 22050)
        assert model.similarity(exact[None], fast[None]).item() > least
