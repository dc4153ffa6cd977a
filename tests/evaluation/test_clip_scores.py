import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        own = [row for row, of in zip(probabilities, clips, strict=True) if of == clip]
        np.testing.assert_allclose(scores[clip], sum(own) / len(own))
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_long_clips_weigh_no_more_than_their_patches():
    clips = np.array([0] * 99 + [1])
    probabilities = np.array([[1.0, 0.0]] * 99 + [[0.0, 1.0]], dtype=np.float32)
    np.testing.assert_array_equal(clip_scores(probabilities, clips), [[1, 0], [0, 1]])


def test_names_the_clip_without_patches():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        clip_scores(np.ones((2, 3)) / 3, np.array([0, 2]))
