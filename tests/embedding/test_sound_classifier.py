"""A classifier: probabilities, saving and loading, and messages for damaged files."""

import json
import shutil

import numpy as np
import pytest
import torch

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.models.resnet import ResNet18


def make_classifier(store, **settings):
    torch.manual_seed(0)
    model = SoundEncoder(
        ResNet18(width=2),
        {"name": "resnet18", "width": 2},
        store.front_end,
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(101),
    )
    return SoundClassifier(model, ["high", "low", "middle"], **settings).eval()


@pytest.fixture(scope="module")
def classifier(store):
    return make_classifier(store)


def test_a_classifier_is_a_linear_layer_on_embeddings(classifier, store):
    patches = torch.from_numpy(np.stack([store.of_clip(clip)[:101] for clip in (0, 9)]))
    expected = classifier.linear(classifier.model(patches))
    assert torch.equal(classifier(patches), expected)


def test_clip_probabilities_are_means_over_windows(classifier, store):
    few = store.select(np.array([7, 0, 15]))
    probabilities = classifier.clip_probabilities(few)
    for row, clip in enumerate((7, 0, 15)):
        log_mel = store.of_clip(clip)
        starts = range(0, len(log_mel) - 100, 50)
        patches = torch.from_numpy(np.stack([log_mel[start : start + 101] for start in starts]))
        expected = classifier(patches).softmax(dim=1).mean(dim=0)
        assert probabilities[row] == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_a_classifier_in_half_precision_gives_the_same_probabilities(store):
    few, half = store.select(np.array([7, 0])), make_classifier(store)
    half.model = half.model.with_encoder(half.model.encoder, Whitening(16, 16))
    half.model.whitening.axes.copy_(torch.eye(16))
    expected = half.clip_probabilities(few)
    assert half.half().clip_probabilities(few) == pytest.approx(expected, abs=0.01)
    patches = torch.from_numpy(few.of_clip(0)[None, :101])
    assert half(patches).dtype == torch.float16


def test_several_labels_have_independent_probabilities(store):
    several = make_classifier(store, multi_label=True)
    log_mel = store.of_clip(0)[:101]
    logits = several(torch.from_numpy(log_mel[None]))
    assert several.window_probabilities([[log_mel]]).probabilities == pytest.approx(
        logits.sigmoid().detach().numpy(), abs=1e-6
    )


def test_no_clips_have_no_probabilities(classifier, store):
    assert classifier.clip_probabilities(store.select(np.zeros(0, dtype=int))).shape == (0, 3)


def test_the_temperature_is_of_clips(store):
    """The mean over the windows comes first."""
    few = store.select(np.array([7, 0]))
    p = make_classifier(store).clip_probabilities(few)
    surer = make_classifier(store, temperature=0.5).clip_probabilities(few)
    assert surer == pytest.approx(p**2 / (p**2).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("clip_score", ["arithmetic", "geometric"])
def test_a_round_trip_changes_nothing(store, tmp_path, clip_score):
    ours = make_classifier(store, clip_score=clip_score, temperature=0.5, threshold=0.4)
    ours.save(tmp_path / "model")
    theirs = SoundClassifier.load(tmp_path / "model")
    assert (theirs.classes, theirs.threshold) == (["high", "low", "middle"], 0.4)
    assert theirs.temperature == 0.5
    assert np.array_equal(theirs.clip_probabilities(store), ours.clip_probabilities(store))
    model = SoundEncoder.from_pretrained(
        tmp_path / "model"
    )  # the model inside can be loaded by itself
    assert torch.equal(model.encoder.conv1.weight, ours.model.encoder.conv1.weight)


@pytest.mark.parametrize("n_held_out", [0, 5])
def test_known_sounds_are_saved_with_the_classifier(store, tmp_path, n_held_out):
    ours = make_classifier(store, threshold=0.4)
    ours.known = KnownSounds(ours.model.dim, 3, n_held_out)
    ours.known.held_out.copy_(torch.linspace(0, 1, n_held_out))
    ours.save(tmp_path / "model")
    theirs = SoundClassifier.load(tmp_path / "model")
    assert torch.equal(theirs.known.held_out, ours.known.held_out)
    log_mels = [[store.of_clip(0)], [store.of_clip(9)]]
    windows, expected = (each.window_probabilities(log_mels) for each in (theirs, ours))
    assert np.array_equal(windows.known, expected.known)
    assert np.array_equal(windows.probabilities, expected.probabilities)
    vectors = torch.from_numpy(np.stack([store.of_clip(0)[:101]]))
    logits = ours.known.linear(ours.model(vectors)).detach()
    assert expected.known[0] == pytest.approx(1 / (1 + np.exp(-logits[0].numpy())), abs=1e-5)
    ours.known = None
    ours.save(tmp_path / "model")
    assert SoundClassifier.load(tmp_path / "model").known is None


def test_a_classifier_is_found_inside_a_run(classifier, tmp_path):
    classifier.save(tmp_path / "run" / "evaluation" / "set" / "linear")
    for name in ("run", "run/evaluation", "run/evaluation/set", "run/evaluation/set/linear"):
        assert SoundClassifier.from_pretrained(tmp_path / name).classes == classifier.classes
    classifier.save(tmp_path / "run" / "evaluation" / "set" / "finetune")
    with pytest.raises(
        ModelError, match=r"several classifiers there; name one of .*finetune.*linear"
    ):
        SoundClassifier.from_pretrained(tmp_path / "run")


def test_parts_of_two_saves_are_no_classifier(store, tmp_path):
    """A kill between the two leaves the encoder of one and the linear layer of another."""
    ours = make_classifier(store)
    ours.save(tmp_path / "model")
    with torch.no_grad():
        ours.model.encoder.conv1.weight += 0.1
    ours.model.save(tmp_path / "model" / "encoder")
    with pytest.raises(ModelError, match="its encoder is another one: run again"):
        SoundClassifier.load(tmp_path / "model")
    ours.save(tmp_path / "model")
    assert SoundClassifier.load(tmp_path / "model").classes == ours.classes


def test_missing_and_damaged_classifiers_are_refused(classifier, tmp_path):
    with pytest.raises(
        ModelError, match="no classifier there: train one on your labels with `soundalike evaluate"
    ):
        SoundClassifier.from_pretrained(tmp_path)
    classifier.save(tmp_path / "model")
    own = tmp_path / "model" / "classifier"
    config = json.loads((own / "config.json").read_text())
    for damaged in ({"classes": ["one"]}, {"shout": True}):
        shutil.copytree(tmp_path / "model", tmp_path / "damaged", dirs_exist_ok=True)
        there = tmp_path / "damaged" / "classifier" / "config.json"
        there.write_text(json.dumps(config | damaged))
        with pytest.raises(ModelError, match="classifier: the model cannot be loaded"):
            SoundClassifier.load(tmp_path / "damaged")
    (weights,) = own.glob("*.safetensors")
    weights.write_bytes(b"")
    with pytest.raises(ModelError, match="classifier: the model cannot be loaded"):
        SoundClassifier.load(tmp_path / "model")
