"""Where detectors are saved, and what they are then; `test_loop` runs one on sounds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.labeling.detector import Detector
from soundalike.labeling.saved_detector import DETECTORS, detector_folder, save_detector


def test_the_probabilities_are_the_scores(model, tmp_path):
    rng = np.random.default_rng(0)
    detector = Detector(rng.standard_normal(model.dim).astype(np.float32), -0.25)
    save_detector(detector, model, "owl", 0.7, tmp_path / "new" / "owl")
    classifier = SoundClassifier.from_pretrained(tmp_path / "new")
    settings = classifier.classes, classifier.threshold, classifier.multi_label
    assert settings == (["owl"], 0.7, True)
    assert classifier.model.windows == model.windows
    vectors = (9 * rng.standard_normal((50, model.dim))).astype(np.float32)
    probabilities = classifier.logits(torch.from_numpy(vectors)).sigmoid().detach().numpy()[:, 0]
    scores = detector.scores(vectors, np.linalg.norm(vectors, axis=1))
    assert probabilities == pytest.approx(scores, abs=1e-6)


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
