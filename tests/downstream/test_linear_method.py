"""How linear classifiers are fitted, and what is said about it."""

import pytest

from soundalike.downstream.linear import fit_linear
from soundalike.downstream.linear_method import linear_method
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.recipes.errors import RecipeError


def test_only_what_is_unusual_has_a_note():
    assert linear_method(None, False) == (fit_linear, [])
    fit, notes = linear_method(None, True)
    assert (fit, notes) == (fit_soft_labels, ["linear classifiers are fitted to soft labels"])
    fit, notes = linear_method({"name": "lq", "q": 0.5}, False)
    assert fit.keywords == {"loss": {"name": "lq", "q": 0.5}}
    assert notes == ["linear classifiers are trained with the loss lq"]


def test_a_loss_out_of_range_is_refused():
    with pytest.raises(RecipeError, match="q in"):
        linear_method({"name": "lq", "q": 7.0}, False)
