import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import gmean

from soundalike.evaluation.clip_scores import clip_scores


@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_is_the_mean_over_the_patches_of_each_clip(n_clips, n_classes, n_more, seed):
    generator = np.random.default_rng(seed)
    clips = np.concatenate([np.arange(n_clips), generator.integers(n_clips, size=n_more)])
    generator.shuffle(clips)
    probabilities = generator.dirichlet(np.ones(n_classes), size=len(clips))

    scores = clip_scores(probabilities, clips)

    assert scores.shape == (n_clips, n_classes)
    for clip in range(n_clips):
        own = [row for row, its_clip in zip(probabilities, clips, strict=True) if its_clip == clip]
        np.testing.assert_allclose(scores[clip], sum(own) / len(own))
    np.testing.assert_allclose(scores.sum(axis=1), 1)


@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_the_geometric_mean_is_that_of_scipy_rescaled_to_sum_to_one(
    n_clips, n_classes, n_more, seed
):
    generator = np.random.default_rng(seed)
    clips = np.concatenate([np.arange(n_clips), generator.integers(n_clips, size=n_more)])
    generator.shuffle(clips)
    probabilities = generator.dirichlet(np.ones(n_classes), size=len(clips))

    scores = clip_scores(probabilities, clips, mean="geometric")

    for clip in range(n_clips):
        means = gmean(probabilities[clips == clip], axis=0)
        np.testing.assert_allclose(scores[clip], means / means.sum())


def test_the_geometric_mean_of_a_softmax_is_the_softmax_of_the_mean_logits():
    logits = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    clips = np.arange(12) % 3
    mean_logits = np.stack([logits[clips == clip].mean(axis=0) for clip in range(3)])
    np.testing.assert_allclose(
        clip_scores(softmax(logits, axis=1), clips, mean="geometric"),
        softmax(mean_logits, axis=1),
        rtol=1e-5,
    )


def test_the_geometric_mean_of_several_labels_is_not_rescaled():
    probabilities = np.array([[0.9, 0.8, 0.1], [0.4, 0.8, 0.1]])
    scores = clip_scores(probabilities, [0, 0], mean="geometric")
    np.testing.assert_allclose(scores, gmean(probabilities, axis=0)[None])


def test_both_means_of_one_patch_are_its_probabilities():
    probabilities = np.random.default_rng(1).dirichlet(np.ones(4), size=6).astype(np.float32)
    for mean in ("arithmetic", "geometric"):
        scores = clip_scores(probabilities, np.arange(6), mean)
        np.testing.assert_allclose(scores, probabilities, rtol=1e-5)


def test_a_patch_that_rules_a_class_out_has_more_influence_on_the_geometric_mean():
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.001, 0.999]]
    assert clip_scores(probabilities, [0, 0, 0], "arithmetic").argmax() == 0
    assert clip_scores(probabilities, [0, 0, 0], "geometric").argmax() == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_zero_probabilities_stay_finite_and_veto_no_class(dtype):
    # Patches that rule out each other's class tie; a majority of patches wins.
    probabilities = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=dtype)
    scores = clip_scores(probabilities, [0, 0, 1, 1, 1], mean="geometric")
    np.testing.assert_allclose(scores, [[0.5, 0.5, 0], [1, 0, 0]], atol=1e-12)
    several = clip_scores(np.zeros((2, 3), dtype=dtype), [0, 1], mean="geometric")
    np.testing.assert_allclose(several, np.zeros((2, 3)), atol=1e-12)


def test_refuses_an_unknown_mean():
    with pytest.raises(ValueError, match="'harmonic'; choose one of arithmetic, geometric"):
        clip_scores([[1.0]], [0], mean="harmonic")


def test_a_long_clip_does_not_affect_others():
    clips = np.array([0] * 99 + [1])
    probabilities = np.array([[1.0, 0.0]] * 99 + [[0.0, 1.0]], dtype=np.float32)
    np.testing.assert_array_equal(clip_scores(probabilities, clips), [[1, 0], [0, 1]])


def test_an_error_names_a_clip_without_patches():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        clip_scores(np.ones((2, 3)) / 3, np.array([0, 2]))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_clips_may_be_counted_by_any_integer_type(dtype):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(200), size=200)
    np.testing.assert_allclose(
        clip_scores(probabilities, np.arange(200, dtype=dtype)), probabilities
    )
