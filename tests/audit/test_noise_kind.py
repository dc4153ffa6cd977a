"""The kind of wrong labels, from counts of true classes and labels."""

import numpy as np
import pytest

from soundalike.audit.noise_kind import kind_of_noise
from soundalike.datasets.label_noise import KINDS, noisy_labels

N_CLASSES, N_CLIPS = 10, 400


def counts_of(truth, labels):
    """Return the number of clips by true class, -1 for none, and label."""
    counts = np.zeros((N_CLASSES + 1, N_CLASSES))
    np.add.at(counts, (truth, labels), 1)
    return counts


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize("seed", range(3))
def test_the_kind_of_injected_noise_is_recognized(kind, share, seed):
    truth = np.arange(N_CLIPS) % N_CLASSES
    labels = noisy_labels(truth, N_CLASSES, np.arange(N_CLIPS), share, seed, kind)
    assert kind_of_noise(counts_of(truth, labels)) == kind


def test_most_wrong_labels_decide():
    truth = np.arange(N_CLIPS) % N_CLASSES
    labels = noisy_labels(truth, N_CLASSES, np.arange(N_CLIPS), 0.2, 0, "symmetric")
    counts = counts_of(truth, labels)
    counts[-1, 3] = 70
    assert kind_of_noise(counts) == "symmetric"
    counts[-1, 3] = 90
    assert kind_of_noise(counts) == "out_of_vocabulary"


def test_two_classes_are_not_confused_in_another_way_than_at_random():
    assert kind_of_noise(np.array([[9.0, 4.0], [3.0, 8.0], [0.0, 0.0]])) == "symmetric"
    assert kind_of_noise(np.array([[9.0, 0.0], [0.0, 8.0], [0.0, 0.0]])) == "symmetric"
    assert kind_of_noise(np.array([[9.0], [0.0]])) == "symmetric", "one class"
