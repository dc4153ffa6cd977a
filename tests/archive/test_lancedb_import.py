"""The quick import of LanceDB."""

import sys

import pydantic
import pytest

from soundalike.archive.lancedb_import import import_lancedb, late_building, only_submodules


def test_lancedb_is_imported_once():
    assert import_lancedb() is import_lancedb() is sys.modules["lancedb"]


def test_submodules_are_imported_without_their_package(tmp_path, monkeypatch):
    package = tmp_path / "slow_package_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('slow')")
    (package / "part.py").write_text("NUMBER = 3")
    monkeypatch.syspath_prepend(tmp_path)
    with only_submodules(package.name):
        from slow_package_of_a_test.part import NUMBER
    assert NUMBER == 3
    assert package.name not in sys.modules
    with pytest.raises(RuntimeError, match="slow"):
        import slow_package_of_a_test  # noqa: F401
    monkeypatch.delitem(sys.modules, f"{package.name}.part")
    with only_submodules("no_such_package_of_a_test"):
        assert "no_such_package_of_a_test" not in sys.modules


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
