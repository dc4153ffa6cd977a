"""One vector for each clip."""

import numpy as np
import pytest
import torch

from soundalike.datasets.labels import Labels
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import Features


def features(is_whitened, background=None):
    """Return three windows of two clips, and perhaps a background."""
    vectors = torch.tensor([[3.0, 0.0], [0.0, 3.0], [2.0, -4.0]])
    labels = Labels(np.array([0, 1]), ["dog", "rain"])
    clips = torch.tensor([0, 0, 1])
    return Features(vectors, clips, labels, np.arange(2), is_whitened, background)


def test_windows_are_averaged_to_unit_length():
    vectors = clip_vectors(features(True, torch.tensor([[0.0, 5.0]])))
    root = 0.5**0.5
    assert vectors.vectors == pytest.approx(np.array([[root, root], [0.2**0.5, -(0.8**0.5)]]))
    assert vectors.background == pytest.approx(np.array([[0.0, 1.0]]))


def test_what_is_not_whitened_is_standardized_first():
    some = features(False)
    vectors = clip_vectors(some)
    standard = (some.vectors - some.vectors.mean(0)) / some.vectors.std(0, correction=0)
    means = torch.stack([standard[:2].mean(0), standard[2]])
    assert vectors.background is None
    assert vectors.vectors == pytest.approx((means / means.norm(dim=1, keepdim=True)).numpy())
