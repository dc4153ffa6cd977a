"""A model and its baselines: embedded once, whatever the protocols."""

import numpy as np
import pytest
import torch

from soundalike.downstream import representations as module
from soundalike.downstream.features import embeddings, log_mel_statistics, untrained_twin
from soundalike.downstream.representations import (
    LOG_MEL,
    PRETRAINED,
    UNTRAINED,
    representations,
)
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening

TRAIN = np.arange(0, 24, 2)


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture
def represent(model, store, tmp_path, monkeypatch):
    """Return a function that makes representations, and returns which were computed."""
    functions = {"embeddings": embeddings, "log_mel_statistics": log_mel_statistics}
    calls = []
    for name, function in functions.items():

        def counted(model, clips, report, name=name, function=function):
            calls.append((name, model.fingerprint()))
            return function(model, clips, report=report)

        monkeypatch.setattr(module, name, counted)

    def run(model=model, train=TRAIN, seed=0):
        calls.clear()
        representations(model, store, train, seed, tmp_path, progress=False)
        embedded = {fingerprint for name, fingerprint in calls if name == "embeddings"}
        return {
            LOG_MEL: any(name == "log_mel_statistics" for name, _ in calls),
            UNTRAINED: bool(embedded - {model.fingerprint()}),
            PRETRAINED: model.fingerprint() in embedded,
        }

    return run


def test_they_are_those_of_the_model_the_twin_and_the_log_mels(model, store, tmp_path):
    features = representations(model, store, TRAIN, 7, tmp_path, progress=False)
    twin = untrained_twin(model, store.select(TRAIN), seed=7)
    expected = {
        LOG_MEL: log_mel_statistics(model, store),
        UNTRAINED: embeddings(twin, store),
        PRETRAINED: embeddings(model, store),
    }
    assert list(features) == list(expected)
    for name, each in expected.items():
        torch.testing.assert_close(features[name].vectors, each.vectors)
        assert torch.equal(features[name].clips, each.clips)
        assert features[name].labels.values.tolist() == each.labels.values.tolist()
        assert features[name].recordings.tolist() == each.recordings.tolist()


def test_only_the_whitened_model_has_whitened_features(model, store, tmp_path):
    whitening = Whitening.of(embeddings(model, store).vectors, 8)
    whitened = model.with_encoder(model.encoder, whitening)
    for _ in range(2):
        features = representations(whitened, store, TRAIN, 0, tmp_path, progress=False)
        assert [name for name in features if features[name].is_whitened] == [PRETRAINED]
        assert features[PRETRAINED].vectors.shape[1] == 8


def test_the_model_brings_its_background_without_the_clips(model, store, tmp_path):
    """The run of this model was trained on these clips, so nothing else is in its background."""
    assert len(model.background) == 24
    features = representations(model, store, TRAIN, 0, tmp_path, progress=False)
    assert len(features[PRETRAINED].background) == 0
    assert features[UNTRAINED].background is None
    with_other = model.with_encoder(model.encoder)
    with_other.background = torch.cat([model.background, model.background[:3] + 1.0])
    features = representations(with_other, store, TRAIN, 0, tmp_path, progress=False)
    assert torch.equal(features[PRETRAINED].background, model.background[:3] + 1.0)
    with_other.background = None
    features = representations(with_other, store, TRAIN, 0, tmp_path, progress=False)
    assert features[PRETRAINED].background is None


def test_a_second_call_computes_nothing(represent):
    assert all(represent().values())
    assert not any(represent().values())


def test_the_twin_depends_on_the_seed_and_its_calibration_clips(represent):
    represent()
    assert represent(seed=1) == {LOG_MEL: False, UNTRAINED: True, PRETRAINED: False}
    assert represent(seed=1, train=TRAIN + 1)[UNTRAINED]
    assert not represent(seed=1, train=TRAIN + 1)[UNTRAINED]


def test_another_model_is_embedded_again(represent, model, run):
    represent()
    other = SoundEncoder.from_pretrained(run.path)
    next(other.encoder.parameters()).data += 1e-3
    assert represent(other)[PRETRAINED]
    assert not represent(other)[PRETRAINED]


@pytest.mark.usefixtures("every_update_is_shown")
def test_the_bar_counts_clips(model, store, tmp_path, capsys):
    representations(model, store, TRAIN, 0, tmp_path)
    assert "72/72" in capsys.readouterr().err


def test_only_the_named_ones_are_computed(model, store, tmp_path):
    names = [LOG_MEL]
    features = representations(model, store, TRAIN, 0, tmp_path, progress=False, names=names)
    assert list(features) == names
    assert [path.name for path in tmp_path.iterdir()] == ["log-mel-statistics"]
