"""Recipes with comments."""

from itertools import pairwise

import pytest
import yaml

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.commented import WIDTH, commented_recipe
from soundalike.recipes.recipe import RECIPES, read_recipe
from soundalike.recipes.sections import Arguments, resolve_recipe
from soundalike.recipes.signatures import descriptions, parameters
from soundalike.training.pretraining_recipe import PRETRAINING

KINDS = {kind.name: kind for kind in (PRETRAINING, SUPERVISED)}


def sections():
    """Return every constructor that a section of a recipe may choose, and what is supplied."""
    for kind in KINDS.values():
        for section in kind.sections.values():
            if isinstance(section, Arguments):
                yield section.constructor, section.supplied | set(section.parts)
                yield from ((part, frozenset()) for part in section.parts.values())
            else:
                yield from ((each, section.supplied) for each in section.table.values())


def test_every_key_of_every_section_is_described():
    for constructor, skip in sections():
        texts = descriptions(constructor)
        for parameter in parameters(constructor, frozenset(skip)):
            assert len(texts.get(parameter.name, "")) > 8, f"{constructor}: {parameter.name}"


@pytest.mark.parametrize("name", RECIPES)
def test_comments_change_no_value_and_stand_above_every_key(name):
    kind = KINDS[RECIPES[name]]
    recipe = read_recipe(name, kind)
    text = commented_recipe(recipe, kind)
    assert resolve_recipe(yaml.safe_load(text), kind) == recipe == yaml.safe_load(text)
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    for before, line in pairwise(lines):
        if line.startswith(" ") and not line.lstrip().startswith("#"):
            assert before.lstrip().startswith("# "), line


def test_a_comment_has_the_unit_and_the_meaning():
    text = commented_recipe(read_recipe("default", PRETRAINING), PRETRAINING)
    for lines in (
        "  # Upper edge of the highest band, in Hz.\n  fmax: 10500",
        "  # Reverse some patches in time (Fonseca et al. 2021). Keys: probability.\n"
        "  reversal: null",
    ):
        assert lines in text
    assert "One of " in text
    assert "    # Lowest and highest area of the box as a share of the patch, drawn " in text
