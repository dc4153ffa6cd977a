"""The settings of a model, as JSON and in words."""

import json

import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.model_config import arguments_of, config_of
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture
def model():
    return SoundEncoder(
        build_encoder(SETTINGS),
        SETTINGS,
        LogMel(fmin=20),
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(1003, 101),
        ["layer1"],
        Whitening(80, 7),
        training_data="12 clips, 1 h, of frogs",
    )


def test_settings_survive_json(model):
    config = config_of(model)
    again = SoundEncoder(**arguments_of(**json.loads(json.dumps(config))))
    assert config_of(again) == config
    assert again.training_data == ""


def test_printing_a_model_says_what_it_takes_and_makes(model):
    first, *lines = str(model).splitlines()
    assert first == "SoundEncoder: 7 numbers a sound, the mean over its windows"
    assert [line.strip() for line in lines] == [
        "sample rate 22,050 Hz (others are resampled), band 20-10,500 Hz",
        "windows of 10 s every 5 s (a shorter clip is one window)",
        f"encoder resnet18, {sum(p.numel() for p in model.encoder.parameters()):,} weights",
        "trained on 12 clips, 1 h, of frogs",
    ]
    model.training_data = ""
    assert str(model).endswith("trained on sounds that its config.json does not name")


def test_what_it_was_trained_on_is_saved_and_changes_no_fingerprint(model, tmp_path):
    model.save(tmp_path)
    loaded = SoundEncoder.load(tmp_path)
    assert loaded.training_data == model.training_data
    loaded.training_data = "toads"
    assert loaded.fingerprint() == model.fingerprint()


def test_the_shipped_model_is_described():
    text = str(SoundEncoder.from_pretrained("default"))
    for words in ("512 numbers", "22,050 Hz", "50-10,500 Hz", "windows of 10 s", "7,760 clips"):
        assert words in text
