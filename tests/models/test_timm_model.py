"""Networks of timm, if it is installed."""

import sys

import pytest
import torch

from soundalike.models.encoder import build_encoder, check_patches
from soundalike.models.timm_model import TimmModel


def test_without_timm_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r'pip install "soundalike\[timm\]"'):
        TimmModel()


@pytest.mark.parametrize(
    "model", ["resnet18", "efficientnet_b0", "convnext_atto", "mobilenetv3_small_100"]
)
def test_h_of_a_network(model: str) -> None:
    pytest.importorskip("timm")
    encoder = build_encoder({"name": "timm", "model": model}).eval()
    for n_frames in (32, 101):
        h = encoder(torch.randn(2, 1, n_frames, 96))
        assert h.shape == (2, encoder.dim)
        assert h.isfinite().all()
    with pytest.raises(ValueError, match="at least 32 frames, got 31"):
        encoder(torch.zeros(2, 1, 31, 96))


def test_arguments_reach_timm() -> None:
    pytest.importorskip("timm")
    default = TimmModel("resnet18")
    strided = TimmModel("resnet18", {"output_stride": 8})
    assert strided.network.forward_features(torch.zeros(1, 1, 64, 64)).shape[2] == 8
    assert default.network.forward_features(torch.zeros(1, 1, 64, 64)).shape[2] == 2


def test_an_unknown_network_is_named() -> None:
    pytest.importorskip("timm")
    with pytest.raises(ValueError, match="timm cannot create 'resnet1800'"):
        TimmModel("resnet1800")


def test_a_network_that_does_not_pool_is_refused() -> None:
    pytest.importorskip("timm")
    encoder = TimmModel("resnet18", {"global_pool": ""})
    with pytest.raises(ValueError, match=r"h of shape \[1, 512, 4, 3\], not \[1, 512\]"):
        check_patches(encoder, 101, 96)
