"""The quick import of LanceDB."""

import importlib
import sys

import pydantic
import pytest

from soundalike.archive.lancedb_import import (
    import_lancedb,
    import_without,
    late_building,
    trusted_overrides,
)

MODELS = "class Point:\n    def __init__(self, x):\n        self.x = x\n"


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Return a function that writes a package; none of them is imported after the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, modules):
        (tmp_path / name).mkdir()
        for module, code in modules.items():
            (tmp_path / name / f"{module}.py").write_text(code)
        importlib.invalidate_caches()

    yield write
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("client_of_tests", "library_of_tests"):
            del sys.modules[name]


def test_lancedb_is_imported_once():
    assert import_lancedb() is import_lancedb() is sys.modules["lancedb"]


def test_a_client_is_imported_when_its_classes_are_called(packages):
    packages("client_of_tests", {"__init__": "", "models": MODELS})
    uses = "from client_of_tests.models import Point\nfrom client_of_tests import models\n"
    packages("library_of_tests", {"__init__": uses + "def f(point: Point) -> models.Other: ..."})
    library = import_without("client_of_tests", "library_of_tests", ["library_of_tests"])
    assert not [name for name in sys.modules if name.startswith("client_of_tests")]
    assert library.f.__annotations__["return"].__name__ == "Other"
    point = library.Point(3)
    assert point.x == 3
    assert type(point) is sys.modules["client_of_tests.models"].Point
    with pytest.raises(AttributeError):
        library.models.__no_such_name__  # noqa: B018


def test_a_library_that_needs_the_client_itself_gets_it(packages):
    packages("client_of_tests", {"__init__": "NUMBER = 3", "models": MODELS})
    uses = "from library_of_tests import part\nfrom client_of_tests import NUMBER\nx = NUMBER + 1"
    part = "from client_of_tests.models import Point"
    packages("library_of_tests", {"__init__": uses, "part": part})
    library = import_without("client_of_tests", "library_of_tests", ["library_of_tests"])
    assert library.x == 4
    assert library.part.Point is sys.modules["client_of_tests.models"].Point


def test_a_client_that_is_there_is_used(packages):
    packages("client_of_tests", {"__init__": "", "models": MODELS})
    packages("library_of_tests", {"__init__": "from client_of_tests.models import Point"})
    models = importlib.import_module("client_of_tests.models")
    library = import_without("client_of_tests", "library_of_tests", ["library_of_tests"])
    assert library.Point is models.Point


def test_models_and_validators_are_built_when_they_are_used():
    with late_building():

        class Late(pydantic.BaseModel):
            number: int

        @pydantic.validate_call
        def double(number: int) -> int:
            return 2 * number

    class Usual(pydantic.BaseModel):
        number: int

    assert not Late.__pydantic_complete__
    assert Usual.__pydantic_complete__
    for kind in (Late, Usual):
        assert kind(number="3").number == 3
        with pytest.raises(pydantic.ValidationError):
            kind(number="x")
    assert double("4") == 8


def test_overrides_are_not_checked():
    overrides = pytest.importorskip("overrides")
    with trusted_overrides():

        class Base(overrides.EnforceOverrides):
            def name(self): ...

        class Other(Base):
            @overrides.override
            def name(self):
                return "other"

            @overrides.override(check_signature=False)
            def of_no_base(self): ...

    assert Other().name() == "other"
    with pytest.raises(TypeError, match="No super class method"):

        class Wrong(Base):
            @overrides.override
            def of_no_base(self): ...
