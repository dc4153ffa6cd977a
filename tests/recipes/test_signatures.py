"""Signatures read from source equal those of Python, and reading them imports nothing heavy."""

import inspect
import subprocess
import sys
from inspect import Parameter
from pkgutil import resolve_name

import pytest

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.sections import Arguments
from soundalike.recipes.signatures import descriptions, parameters, summary
from soundalike.training.pretraining_recipe import PRETRAINING


def constructors():
    """Return every constructor of every section, with the arguments that no recipe sets."""
    supplied = {}
    for kind in (PRETRAINING, SUPERVISED):
        for section in kind.sections.values():
            if isinstance(section, Arguments):
                supplied[section.constructor] = section.supplied | set(section.parts)
                supplied |= dict.fromkeys(section.parts.values(), frozenset())
            else:
                supplied |= dict.fromkeys(section.table.values(), section.supplied)
    return sorted(supplied.items())


@pytest.mark.parametrize(("constructor", "supplied"), constructors())
def test_parameters_equal_those_of_inspect(constructor, supplied):
    expected = [
        (each.name, each.annotation, [] if str(each.default) == "<factory>" else each.default)
        for each in inspect.signature(resolve_name(constructor)).parameters.values()
        if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        and each.name not in supplied
    ]
    actual = parameters(constructor, supplied)
    assert [(each.name, each.annotation, each.default) for each in actual] == expected


def test_names_are_looked_up_where_they_are_assigned_or_imported(tmp_path, monkeypatch):
    (tmp_path / "kitchen.py").write_text(
        "import a_module_that_does_not_exist\n"
        "from collections.abc import Sequence\n"
        "from dataclasses import dataclass, field\n"
        "from typing import Literal\n"
        "Dish = Literal['soup', 'salad']\n"
        "HOT = 2 * 40\n"
        "class Cook:\n"
        "    def __init__(\n"
        "        self, spoon: Unknown, dish: Dish = 'soup', *, times: Sequence[int] = (1, HOT),\n"
        "        **more: float,\n"
        "    ) -> None: ...\n"
        "@dataclass\n"
        "class Menu:\n"
        "    title: str\n"
        "    dishes: list[Dish] = field(default_factory=lambda: ['salad'])\n"
        "    price: float = field(default=1.5)\n"
        "class Nothing: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    dish, times = parameters("kitchen:Cook", frozenset({"spoon"}))
    assert str(dish) == "dish: Literal['soup', 'salad'] = 'soup'"
    assert str(times) == "times: collections.abc.Sequence[int] = (1, 80)"
    title, dishes, price = parameters("kitchen:Menu")
    assert (title.annotation, title.default) == (str, Parameter.empty)
    assert (dishes.default, price.default) == (["salad"], 1.5)
    assert parameters("kitchen:Nothing") == ()


def test_reading_imports_no_torch():
    code = (
        "import sys\n"
        "from soundalike.recipes.signatures import descriptions, parameters, summary\n"
        "assert parameters('soundalike.models.vgg:VGG', frozenset({'n_bands'}))\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_descriptions_are_those_of_the_docstring():
    texts = descriptions("soundalike.audio.log_mel:LogMel")
    assert texts["fmin"] == "lower edge of the lowest band, in Hz."
    assert texts["level"].endswith("clicks do not count.")
    assert set(texts) == {each.name for each in parameters("soundalike.audio.log_mel:LogMel")}
    first = "The log-mel front end; the defaults are those of Fonseca et al. 2021."
    assert summary("soundalike.audio.log_mel:LogMel") == first
