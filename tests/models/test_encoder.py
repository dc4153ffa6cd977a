"""Encoders are built from settings, as in recipes and saved models."""

import pytest

from soundalike.models import ENCODERS
from soundalike.models.encoder import Encoder, build_encoder


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
