"""Encoders are made from settings, as recipes and saved models hold them."""

import pytest

from soundalike.models import ENCODERS
from soundalike.models.encoder import Encoder, build_encoder


@pytest.mark.parametrize("name", ENCODERS)
def test_every_name_makes_an_encoder(name):
    if name == "timm":
        pytest.importorskip("timm")
    encoder = build_encoder({"name": name})
    assert isinstance(encoder, Encoder)
    assert encoder.dim > 0
    assert encoder.min_frames > 0


def test_arguments_arrive_and_settings_are_left_as_they_are():
    settings = {"name": "resnet18", "width": 8}
    assert build_encoder(settings).dim == 64
    assert settings == {"name": "resnet18", "width": 8}


def test_a_name_that_is_not_there():
    with pytest.raises(KeyError):
        build_encoder({"name": "cochlea"})
