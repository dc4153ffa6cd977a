import pytest

from soundalike.embedding.settings import EmbeddingSettings
from soundalike.recipes.recipe import read_recipe, recipe_names
from soundalike.training.pretraining_recipe import PRETRAINING


def test_a_window_of_no_length_is_refused():
    assert EmbeddingSettings().window_s is None
    for window_s in (0, -1, float("nan")):
        with pytest.raises(ValueError, match=r"embedding.window_s must be above 0"):
            EmbeddingSettings(window_s)


def test_the_end_of_a_clip_is_embedded_unless_a_recipe_says_otherwise():
    assert EmbeddingSettings(window_s=10).align_last_window
    for name in recipe_names(PRETRAINING):
        recipe = read_recipe(name, PRETRAINING)["embedding"]
        drops_at_most_half_a_patch = recipe["window_s"] is None
        assert recipe["align_last_window"] or drops_at_most_half_a_patch


def test_zero_components_are_refused():
    with pytest.raises(ValueError, match=r"embedding.whiten must be at least 1"):
        EmbeddingSettings(whiten=0)
