"""The measures against their formulas, written as plain loops."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.evaluation.representation_measures import (
    MEASURES,
    alignment,
    effective_rank,
    measure_representation,
    similarities,
    top1_retrieval,
    uniformity,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(z):
    return [row / np.linalg.norm(row) for row in z.double().numpy()]


@pytest.mark.parametrize("shape", [(40, 8), (8, 40)])
def test_effective_rank_is_the_entropy_of_the_singular_values(shape):
    h = normal(*shape) * torch.logspace(0, -3, shape[1]) + 5
    values = np.linalg.svd(h.double().numpy() - h.double().numpy().mean(axis=0), compute_uv=False)
    shares = [value / values.sum() for value in values if value > 1e-12 * values[0]]
    entropy = -sum(share * math.log(share) for share in shares)
    assert effective_rank(h) == pytest.approx(math.exp(entropy), rel=1e-6)


@given(k=st.integers(1, 12), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_k_evenly_used_directions_have_rank_k(k, scale, seed):
    """For any offset, rotation and scale."""
    rotation, _ = torch.linalg.qr(normal(16, 16, seed=seed))
    both_ways = torch.cat([torch.eye(16)[:k], -torch.eye(16)[:k]])
    assert effective_rank(scale * (both_ways @ rotation + 1)) == pytest.approx(k, rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_equal_embeddings_have_rank_one_despite_rounding(noise):
    assert effective_rank(100 + noise * normal(30, 12)) == 1


def test_rank_is_bounded_by_the_number_of_embeddings_and_of_dimensions():
    assert effective_rank(normal(6, 512)) <= 5
    assert effective_rank(normal(512, 6)) <= 6


def test_measures_of_projections_match_their_definitions():
    z_a, z_b = 3 * normal(7, 5) + 1, normal(7, 5, seed=1)
    a, b = unit(z_a), unit(z_b)
    distances = [((x - y) ** 2).sum() for x, y in zip(a, b, strict=True)]
    assert alignment(z_a, z_b) == pytest.approx(np.mean(distances))
    spread = [math.exp(-2 * ((x - y) ** 2).sum()) for x, y in itertools.combinations(a, 2)]
    assert uniformity(z_a) == pytest.approx(math.log(np.mean(spread)))

    clips = [*range(7), *range(7)]
    views = [*a, *b]
    pairs = list(itertools.combinations(range(14), 2))
    cosines = {clip: [] for clip in ("same", "other")}
    for i, j in pairs:
        cosines["same" if clips[i] == clips[j] else "other"].append(views[i] @ views[j])
    assert similarities(z_a, z_b) == pytest.approx(
        (np.mean(cosines["same"]), np.mean(cosines["other"]))
    )
    nearest = [
        max((j for j in range(14) if j != i), key=lambda j, i=i: views[i] @ views[j])
        for i in range(14)
    ]
    is_retrieved = [clips[nearest[i]] == clips[i] for i in range(14)]
    assert top1_retrieval(z_a, z_b) == pytest.approx(np.mean(is_retrieved))


def test_alignment_follows_from_the_similarity_of_positives():
    """On the unit sphere the squared distance is 2 - 2 cosine."""
    z_a, z_b = normal(9, 4), normal(9, 4, seed=1)
    assert alignment(z_a, z_b) == pytest.approx(2 - 2 * similarities(z_a, z_b)[0])


def test_extremes():
    z = normal(64, 256)
    assert alignment(z, z) == 0
    assert alignment(z, -z) == pytest.approx(4)
    assert top1_retrieval(z, 2 * z) == 1
    assert uniformity(torch.ones(9, 4)) == pytest.approx(0)
    assert uniformity(z) == pytest.approx(-4, abs=0.1), "evenly spread in many dimensions"


def test_every_measure_is_returned_and_is_nan_if_an_input_is_infinite():
    h, z = normal(2, 9, 16), normal(2, 9, 4, seed=1)
    measures = measure_representation(*h, *z)
    assert tuple(measures) == MEASURES
    assert measures["effective_rank"] == effective_rank(h.flatten(0, 1))
    h[1, 3, 2] = torch.inf
    assert all(math.isnan(value) for value in measure_representation(*h, *z).values())
