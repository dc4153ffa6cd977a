"""Encoders are built from settings, as in recipes and saved models."""

import pytest

from soundalike.models import ENCODERS
from soundalike.models.encoder import Encoder, build_encoder, check_patches
from soundalike.models.resnet import ResNet18


@pytest.mark.parametrize("name", ENCODERS)
def test_every_name_builds_an_encoder(name):
    if name == "timm":
        pytest.importorskip("timm")
    encoder = build_encoder({"name": name})
    assert isinstance(encoder, Encoder)
    assert encoder.dim > 0
    assert encoder.min_frames > 0


def test_arguments_are_passed_on_and_settings_do_not_change():
    settings = {"name": "resnet18", "width": 8}
    assert build_encoder(settings).dim == 64
    assert settings == {"name": "resnet18", "width": 8}


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        build_encoder({"name": "cochlea"})


def test_an_encoder_whose_h_is_not_of_its_size_is_refused():
    encoder = ResNet18(width=4)
    check_patches(encoder, 101, 96)
    encoder.dim = 33
    with pytest.raises(ValueError, match=r"ResNet18 makes h of shape \[1, 32\], not \[1, 33\]"):
        check_patches(encoder, 101, 96)
