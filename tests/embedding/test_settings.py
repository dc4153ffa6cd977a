import pytest

from soundalike.embedding.settings import EmbeddingSettings


def test_a_window_of_no_length_is_refused():
    assert EmbeddingSettings().window_s is None
    for window_s in (0, -1, float("nan")):
        with pytest.raises(ValueError, match=r"embedding.window_s must be above 0"):
            EmbeddingSettings(window_s)


def test_zero_components_are_refused():
    with pytest.raises(ValueError, match=r"embedding.whiten must be at least 1"):
        EmbeddingSettings(whiten=0)
