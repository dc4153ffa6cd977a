"""Which linear classifiers tolerate wrong labels, and what is said about them."""

import pytest

from soundalike.downstream.linear_method import tolerant_method
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.recipes.errors import RecipeError


def test_every_method_has_a_note():
    fit, notes = tolerant_method(None)
    assert (fit, notes) == (fit_soft_labels, ["linear classifiers are fitted to soft labels"])
    fit, notes = tolerant_method({"name": "lq", "q": 0.5})
    assert fit.keywords == {"loss": {"name": "lq", "q": 0.5}}
    assert notes == ["linear classifiers are trained with the loss lq"]


def test_a_loss_out_of_range_is_refused():
    with pytest.raises(RecipeError, match="q in"):
        tolerant_method({"name": "lq", "q": 7.0})
