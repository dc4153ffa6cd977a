"""Errors of recipes."""

import pytest

from soundalike.recipes.errors import RecipeError, recipe_errors


def test_a_value_error_becomes_a_recipe_error():
    with pytest.raises(RecipeError, match="the recipe cannot be used: alpha is 2"), recipe_errors():
        raise ValueError("alpha is 2")


def test_other_errors_pass():
    with pytest.raises(KeyError), recipe_errors():
        raise KeyError("alpha")
