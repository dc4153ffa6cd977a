"""The house: who imports whom, how deep it is, and what nobody may build."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "soundalike"

MAY_IMPORT = {
    "runtime": set(),
    "audio": {"runtime"},
    "synthesis": set(),
    "models": set(),
    "losses": set(),
    "evaluation": set(),
    "optim": set(),
    "pretrained": set(),
    "datasets": {"runtime", "audio", "synthesis"},
    "views": {"audio"},
    # Not yet as it should be: each training is to hand in its own sections.
    "recipes": {
        "runtime", "audio", "views", "models", "losses", "optim", "embedding", "training",
        "downstream",
    },
    "embedding": {"runtime", "audio", "models", "datasets", "evaluation", "pretrained"},
    "training": {
        "runtime", "audio", "datasets", "views", "models", "losses", "evaluation", "optim",
        "recipes", "embedding",
    },
    "downstream": {
        "runtime", "audio", "datasets", "views", "models", "losses", "evaluation", "optim",
        "recipes", "embedding", "pretrained", "training",
    },
    "report": {
        "runtime", "audio", "datasets", "views", "evaluation", "training", "recipes",
    },
    "demo": {
        "runtime", "audio", "datasets", "views", "evaluation", "recipes", "embedding", "training",
        "downstream", "report",
    },
    "paper": {
        "runtime", "audio", "datasets", "views", "models", "evaluation", "recipes", "embedding",
        "training", "downstream", "report",
    },
    "cli": {
        "runtime", "audio", "datasets", "recipes", "embedding", "training", "downstream", "report",
        "demo", "paper",
    },
}  # fmt: skip
TOP = {"__init__", "__main__"}


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of ours that a module imports, wherever in it it does."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("soundalike."):
            modules.add(node.value.partition(":")[0])  # the import strings of tables
    ours = (module.split(".") for module in modules if module.startswith("soundalike."))
    return {parts[1] for parts in ours if len(parts) > 1 and parts[1] not in {"", "__version__"}}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_one_way(room):
    for path in (SOURCE / room).glob("*.py"):
        forbidden = imported_rooms(path) - MAY_IMPORT[room] - {room}
        assert not forbidden, f"{path.relative_to(SOURCE)} imports {forbidden}"


def test_every_room_is_in_the_table():
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms == set(MAY_IMPORT)
    assert {path.stem for path in SOURCE.glob("*.py")} == TOP


def test_two_levels_and_no_utils():
    for path in SOURCE.rglob("*.py"):
        assert len(path.relative_to(SOURCE).parts) <= 2
        assert path.stem not in {"utils", "common", "helpers", "base", "misc"}


def test_every_module_has_its_tests():
    tests = {path.stem for path in Path(__file__).parent.rglob("test_*.py")}
    for path in SOURCE.rglob("*.py"):
        if path.stem in {"__init__", "__main__"}:
            continue
        # The families of sounds are one part in several files, tested over its table.
        stem = "sounds" if path.parent.name == "synthesis" else path.stem
        assert f"test_{stem}" in tests, f"{path.relative_to(SOURCE)} has no tests of its own"


@pytest.mark.parametrize("room", ["audio", "models", "losses", "evaluation"])
def test_a_room_is_usable_alone(room):
    """Import its modules in a fresh process and see that no other room of ours came along."""
    modules = [path.stem for path in (SOURCE / room).glob("*.py") if path.stem != "__init__"]
    code = (
        "import importlib, sys\n"
        f"for module in {modules}: importlib.import_module('soundalike.{room}.' + module)\n"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('soundalike.')})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [room]
