"""The measures against their formulas in plain loops, and the alarms on trainings gone wrong."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.evaluation.health import (
    MEASURES,
    alarms,
    alignment,
    effective_rank,
    health,
    similarities,
    stopping_point,
    top1_retrieval,
    uniformity,
    verdict,
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


@settings(deadline=None, max_examples=25)
@given(k=st.integers(1, 12), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_k_directions_used_evenly_have_rank_k(k, scale, seed):
    """Wherever the embeddings lie, whichever the directions are, however long they are."""
    rotation, _ = torch.linalg.qr(normal(16, 16, seed=seed))
    both_ways = torch.cat([torch.eye(16)[:k], -torch.eye(16)[:k]])
    assert effective_rank(scale * (both_ways @ rotation + 1)) == pytest.approx(k, rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_one_point_has_rank_one_whatever_float32_makes_of_it(noise):
    assert effective_rank(100 + noise * normal(30, 12)) == 1


def test_no_direction_can_be_used_that_is_not_there():
    assert effective_rank(normal(6, 512)) <= 5
    assert effective_rank(normal(512, 6)) <= 6


def test_the_measures_of_projections_are_what_their_papers_say():
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
    found = [clips[nearest[i]] == clips[i] for i in range(14)]
    assert top1_retrieval(z_a, z_b) == pytest.approx(np.mean(found))


def test_alignment_and_positives_are_one_thing_said_twice():
    """On the unit sphere the squared distance is 2 - 2 cosine."""
    z_a, z_b = normal(9, 4), normal(9, 4, seed=1)
    assert alignment(z_a, z_b) == pytest.approx(2 - 2 * similarities(z_a, z_b)[0])


def test_extremes():
    z = normal(64, 256)
    assert alignment(z, z) == 0
    assert alignment(z, -z) == pytest.approx(4)
    assert top1_retrieval(z, 2 * z) == 1
    assert uniformity(torch.ones(9, 4)) == pytest.approx(0)
    assert uniformity(z) == pytest.approx(-4, abs=0.1), "evenly spread, in many dimensions"


def test_health_has_every_measure_and_no_number_where_there_is_none():
    h, z = normal(2, 9, 16), normal(2, 9, 4, seed=1)
    measures = health(*h, *z)
    assert tuple(measures) == MEASURES
    assert measures["effective_rank"] == effective_rank(h.flatten(0, 1))
    h[1, 3, 2] = torch.inf
    assert all(math.isnan(value) for value in health(*h, *z).values())


def looks(*measures, steps_per_epoch=10):
    """A history from (epoch, effective rank, positives, negatives, pairs found)."""
    names = ("epoch", "effective_rank", "positives", "negatives", "top1_retrieval")
    rows = [dict(zip(names, row, strict=True)) for row in measures]
    return [row | {"step": steps_per_epoch * row["epoch"]} for row in rows]


# What trainings of the recipe tiny on 1,280 recorded sounds came to: 128 dimensions, 512 clips.
HEALTHY = looks(
    (1, 89, 0.92, 0.84, 0.05),
    (5, 63, 0.78, 0.15, 0.34),
    (10, 65, 0.79, 0.03, 0.49),
    (15, 64, 0.804, 0.020, 0.52),
    (20, 65, 0.810, 0.008, 0.56),
    (25, 65, 0.816, 0.002, 0.58),
    (30, 65, 0.817, 0.000, 0.58),
)
BYOL = looks((5, 20, 0.75, 0.44, 0.03), (10, 28, 0.80, 0.38, 0.05), (15, 21, 0.80, 0.36, 0.07))
BARLOW_TWINS = looks((5, 46, 0.79, 0.36, 0.04), (10, 50, 0.75, 0.27, 0.05))
LOSS_WITHOUT_REPULSION = looks((5, 9, 0.92, 0.87, 0.04), (10, 11, 0.94, 0.91, 0.04)) + looks(
    (15, 11, 0.94, 0.92, 0.04)
)
LEARNING_RATE_OF_NOTHING = looks((5, 104, 0.48, 0.39, 0.03), (10, 101, 0.44, 0.35, 0.03)) + looks(
    (15, 101, 0.44, 0.35, 0.03)
)
HARDLY_A_SOUND_LEFT = looks((10, 73, 0.90, 0.89, 0.01), (15, 75, 0.90, 0.89, 0.00))
TWICE_THE_SAME_VIEW = looks((1, 101, 1.00, 0.64, 0.99), (5, 115, 1.00, 0.06, 0.99))
# And two that were made up.
FALLING_TO_A_LINE = looks((10, 60, 0.8, 0.1, 0.5), (20, 9, 0.9, 0.4, 0.2), (30, 7, 0.9, 0.4, 0.2))
FAR_APART = looks((10, 60, 0.35, 0.1, 0.2), (20, 60, 0.3, 0.0, 0.2))


@pytest.mark.parametrize(
    ("history", "kinds"),
    [
        (HEALTHY, []),
        (BYOL, []),
        (BARLOW_TWINS, []),
        (LOSS_WITHOUT_REPULSION, ["collapse"]),
        (LEARNING_RATE_OF_NOTHING, ["nothing learned"]),
        (HARDLY_A_SOUND_LEFT, ["nothing learned"]),
        (TWICE_THE_SAME_VIEW, ["shortcut"]),
        (FALLING_TO_A_LINE, ["dimensional collapse"]),
        (FAR_APART, ["views too far apart"]),
    ],
)
def test_a_training_gone_wrong_is_told_by_its_name(history, kinds):
    said = alarms(history, highest_rank=128)
    assert list(said) == kinds
    for sentence in said.values():
        assert "\n" not in sentence
        assert "; try " in sentence, "what to do is part of it"


def test_a_network_that_makes_one_line_of_all_sounds_has_collapsed():
    line = looks((10, 1.5, 0.9, 0.2, 0.1), (20, 1.4, 0.9, 0.2, 0.1))
    assert list(alarms(line, highest_rank=128)) == ["collapse"]


@pytest.mark.parametrize("n_epochs", range(len(HEALTHY) + 1))
def test_a_healthy_training_raises_no_alarm_on_its_way(n_epochs):
    assert alarms(HEALTHY[:n_epochs], highest_rank=128) == {}


def test_an_alarm_takes_two_looks_after_the_start_and_ends_with_its_cause():
    bad, good = LOSS_WITHOUT_REPULSION[-1], HEALTHY[-1]
    assert alarms(LOSS_WITHOUT_REPULSION[-1:], highest_rank=128) == {}
    assert alarms([good, bad], highest_rank=128) == {}
    assert alarms([bad, bad], highest_rank=128)
    assert alarms([bad, bad, good], highest_rank=128) == {}
    assert alarms([look | {"step": 49} for look in (bad, bad)], highest_rank=128) == {}


def test_the_verdict_is_given_when_there_is_enough_to_judge():
    assert verdict(HEALTHY, highest_rank=128) == "nothing suspicious"
    assert verdict(HEALTHY[:1], highest_rank=128) == "too early to tell"
    assert verdict([], highest_rank=128) == "too early to tell"
    assert verdict(LOSS_WITHOUT_REPULSION, highest_rank=128) == "collapse"
    both = TWICE_THE_SAME_VIEW + LOSS_WITHOUT_REPULSION[1:]
    assert verdict(both, highest_rank=128) == "shortcut, collapse"


def test_numbers_that_are_none_raise_no_alarm():
    nothing = [dict.fromkeys(MEASURES, math.nan) | {"step": 10 * e, "epoch": e} for e in (10, 20)]
    assert alarms(nothing, highest_rank=128) == {}
    assert stopping_point(nothing) is None


def test_the_stopping_point_is_where_later_looks_add_next_to_nothing():
    assert stopping_point(HEALTHY) == 20


@pytest.mark.parametrize(
    "history",
    [
        [],
        HEALTHY[:1],
        HEALTHY[:4],  # the gap still grows
        looks((1, 9, 0.2, 0.3, 0.1), (2, 9, 0.2, 0.4, 0.1)),
        LEARNING_RATE_OF_NOTHING * 3,  # what was never learned cannot have been learned early
    ],
)
def test_there_is_no_stopping_point_while_something_improves_or_nothing_ever_did(history):
    assert stopping_point(history) is None


def test_a_rank_that_rises_is_an_improvement_too():
    rising = [look | {"effective_rank": 20 + look["epoch"]} for look in HEALTHY]
    assert stopping_point(rising) is None


def test_a_rank_that_only_falls_is_none():
    falling = [look | {"effective_rank": 90 - look["epoch"]} for look in HEALTHY]
    assert stopping_point(falling) == 20
