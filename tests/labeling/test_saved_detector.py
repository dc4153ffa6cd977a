"""Where detectors are saved, and what they are then; `test_loop` runs one on sounds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kills import assert_whole, kills

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.labeling.detector import Detector
from soundalike.labeling.saved_detector import DETECTORS, detector_folder, save_detectors


def random_detector(model, seed, bias):
    rng = np.random.default_rng(seed)
    return Detector(3 * rng.standard_normal(model.dim).astype(np.float32), bias)


def probabilities(classifier, vectors):
    return classifier.logits(torch.from_numpy(vectors)).sigmoid().detach().numpy()


def test_the_probabilities_are_the_scores(model, tmp_path):
    detector = random_detector(model, 0, -0.25)
    save_detectors({"owl": (detector, 0.7)}, model, tmp_path / "new" / "owl")
    classifier = SoundClassifier.from_pretrained(tmp_path / "new")
    settings = classifier.classes, classifier.threshold, classifier.multi_label
    assert settings == (["owl"], 0.7, True)
    assert classifier.is_detector
    assert classifier.model.windows == model.windows
    vectors = (9 * np.random.default_rng(1).standard_normal((50, model.dim))).astype(np.float32)
    scores = detector.scores(vectors, np.linalg.norm(vectors, axis=1))
    assert probabilities(classifier, vectors)[:, 0] == pytest.approx(scores, abs=1e-6)


def test_several_detectors_are_one_classifier_and_keep_their_thresholds(model, tmp_path):
    thresholds = {"owl": 0.7, "wren": 0.02, "frog": 0.5}
    detectors = {name: random_detector(model, len(name), -0.25) for name in thresholds}
    pairs = {name: (detectors[name], thresholds[name]) for name in thresholds}
    save_detectors(pairs, model, tmp_path)
    classifier = SoundClassifier.load(tmp_path)
    assert (classifier.classes, classifier.threshold) == (list(thresholds), 0.5)
    assert not classifier.is_detector
    vectors = np.random.default_rng(1).standard_normal((500, model.dim)).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    for number, (name, threshold) in enumerate(thresholds.items()):
        scores = detectors[name].scores(vectors, lengths)
        moved = probabilities(classifier, vectors)[:, number]
        assert (np.argsort(moved, kind="stable") == np.argsort(scores, kind="stable")).mean() > 0.99
        is_clear = abs(scores - threshold) > 1e-6
        assert ((moved >= 0.5) == (scores >= threshold))[is_clear].all()


SAVE = """
import numpy as np
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.labeling.detector import Detector
from soundalike.labeling.saved_detector import save_detectors

model = SoundEncoder.load(arguments[0])

def work(folder):
    for threshold in (0.4, 0.6):
        detector = Detector(np.full(model.dim, threshold, np.float32), -threshold)
        save_detectors({"owl": (detector, threshold)}, model, folder)
"""


@kills()
def test_a_detector_that_is_saved_again_survives_a_kill_at_any_moment(
    names, cut, model, kill_everywhere, tmp_path
):
    model.save(tmp_path / "model")
    moments = kill_everywhere(SAVE, tmp_path / "model", names=names, cut=cut)
    assert len(moments) > 9  # twice the weights and the settings of two folders; earlier weights
    assert_whole(moments, ("encoder", "classifier"))


def test_a_folder_is_named_after_the_label():
    assert detector_folder(Path("birds"), "große Möwe 2") == Path("birds/detectors/große Möwe 2")


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_no_label_leads_out_of_the_archive_or_to_the_folder_of_another(labels):
    one, other = (detector_folder(Path("birds"), label) for label in labels)
    assert one != other
    assert one.parent == Path("birds", DETECTORS)
    assert len(one.name.encode()) <= 255
    assert ".." not in one.name
    assert "\n" not in one.name
