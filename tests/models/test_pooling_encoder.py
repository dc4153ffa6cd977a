"""The contract of encoders whose windows can share maps."""

from pkgutil import resolve_name

import pytest
import torch

from soundalike.models import ENCODERS
from soundalike.models.encoder import build_encoder
from soundalike.models.pooling_encoder import PoolingEncoder

NARROW = {
    "resnet18": {"width": 2},
    "vgg": {"width": 2},
    "band_cnn": {"channels": [4, 4, 4]},
    "audio_ntt": {"width": 4, "dim": 8},
    "frequency_resnet": {"width": 2, "dim": 8},
}
N_BANDS = 16


@pytest.fixture(params=NARROW)
def encoder(request, trained_norms):
    torch.manual_seed(0)
    return trained_norms(build_encoder({"name": request.param, **NARROW[request.param]}, N_BANDS))


@pytest.fixture
def patches():
    return torch.randn(1, 1, 901, N_BANDS, generator=torch.Generator().manual_seed(1))


def test_every_encoder_is_in_the_contract_or_does_more_than_pool():
    pooling = {
        name
        for name, constructor in ENCODERS.items()
        if issubclass(resolve_name(constructor), PoolingEncoder)
    }
    assert pooling == set(NARROW)


@torch.inference_mode()
def test_pooling_the_maps_of_a_patch_is_its_embedding(encoder, patches):
    for n_frames in (encoder.min_frames, 37, 64, 101, 901):
        maps = encoder.maps(patches[:, :, :n_frames])
        assert maps.shape[1] == encoder.n_steps(n_frames)
        assert torch.equal(encoder.pool(maps), encoder(patches[:, :, :n_frames]))


def test_maps_of_a_patch_that_is_too_short_are_refused(encoder, patches):
    with pytest.raises(ValueError, match=f"at least {encoder.min_frames} frames"):
        encoder.maps(patches[:, :, : encoder.min_frames - 1])


@torch.inference_mode()
def test_a_step_depends_on_its_frames_and_its_context_only(encoder, patches):
    stride, context = encoder.stride, encoder.context
    step = 450 // stride
    expected = encoder.maps(patches)[:, step]
    changed = torch.full_like(patches, 1e3)
    within = slice(step * stride - context, (step + 1) * stride + context)
    changed[:, :, within] = patches[:, :, within]
    torch.testing.assert_close(encoder.maps(changed)[:, step], expected)


@torch.inference_mode()
def test_the_maps_of_a_part_are_those_of_the_whole_but_near_its_ends(encoder, patches):
    stride = encoder.stride
    n_margin = -(-encoder.context // stride)
    maps = encoder.maps(patches)
    part = encoder.maps(patches[:, :, 3 * stride : 820])
    inner = slice(3 + n_margin, part.shape[1] + 3 - n_margin)
    torch.testing.assert_close(part[:, n_margin : part.shape[1] - n_margin], maps[:, inner])
