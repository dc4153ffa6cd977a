"""How much sounds are like the classes of a classifier, and the threshold of "none of these"."""

import numpy as np
import pytest
import torch

from soundalike.embedding.known_sounds import KnownSounds, unrelated
from soundalike.evaluation.conformal import conformal_threshold
from soundalike.evaluation.linear_probe import LinearProbe


def test_classes_are_independent():
    known = KnownSounds(8, 3, 0)
    vectors = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    logits = known.linear(vectors).detach().numpy()
    assert np.allclose(known(vectors).detach(), 1 / (1 + np.exp(-logits)), atol=1e-6)
    assert known.half()(vectors).dtype == torch.float32


def test_the_threshold_is_that_of_the_held_out_scores():
    known = KnownSounds(8, 3, 40)
    known.held_out.copy_(torch.linspace(0, 1, 40))
    assert known.threshold(0.1) == conformal_threshold(known.held_out.numpy(), 0.1) > 0
    assert known.threshold(0.01) is None
    assert known.threshold(0) is None


def test_it_is_made_of_a_probe_and_of_scores_in_any_order():
    probe = LinearProbe(torch.randn(8, 3), torch.randn(3), is_multi_label=True)
    known = KnownSounds.of(probe, np.array([0.5, 0.2, 0.9]))
    vectors = torch.randn(5, 8)
    assert torch.allclose(known(vectors), probe.probabilities(vectors), atol=1e-6)
    assert known.held_out.tolist() == pytest.approx([0.2, 0.5, 0.9])


def test_background_sounds_among_labeled_ones_are_left_out():
    vectors, background = torch.randn(40, 8), torch.randn(9, 8) + 2
    own = vectors[::7] * (1 + 1e-4)  # as after half precision
    assert torch.equal(unrelated(torch.cat([own, background]), vectors), background)
    assert unrelated(own, vectors).shape == (0, 8)
    offset = 1e3  # embeddings that are not whitened may lie far from zero
    assert unrelated(own + offset, vectors + offset).shape == (0, 8)
    assert torch.equal(unrelated(background + offset, vectors + offset), background + offset)
