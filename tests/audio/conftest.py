"""The sound files that tests of this room share."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def corpus() -> ModuleType:
    """The module ``corpus.py``, which makes sound files."""
    path = Path(__file__).parents[1] / "corpus.py"
    spec = importlib.util.spec_from_file_location("corpus", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """A function that saves bytes as a file."""

    def save(content: bytes, name: str = "clip") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save
