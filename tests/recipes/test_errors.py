"""Errors of recipes."""

import pytest

from soundalike.recipes.errors import RecipeError, recipe_errors


def test_a_value_error_becomes_a_recipe_error():
    with pytest.raises(RecipeError, match="the recipe cannot be used: alpha is 2"), recipe_errors():
        raise ValueError("alpha is 2")


@pytest.mark.parametrize("error", [TypeError, RuntimeError, OverflowError, MemoryError])
def test_errors_of_torch_and_numpy_become_one_line(error):
    with pytest.raises(RecipeError) as refusal, recipe_errors():
        raise error("it does not fit\nby far")
    assert str(refusal.value) == "the recipe cannot be used: it does not fit"
    with pytest.raises(RecipeError, match="it needs too much memory"), recipe_errors():
        raise MemoryError


def test_other_errors_pass():
    with pytest.raises(KeyError), recipe_errors():
        raise KeyError("alpha")
