"""The architecture: imports between rooms, sizes of files, and names."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "soundalike"

MAY_IMPORT = {
    "runtime": set(),
    "audio": set(),
    "synthesis": set(),
    "models": set(),
    "losses": set(),
    "evaluation": set(),
    "optim": set(),
    "pretrained": set(),
    "archive": {"runtime"},
    "datasets": {"runtime", "audio", "synthesis", "evaluation"},  # folds are made in one place
    "views": {"audio"},
    "recipes": {"runtime"},
    "embedding": {"runtime", "audio", "models", "datasets", "evaluation", "pretrained"},
    "search": {"runtime", "audio", "datasets", "embedding", "archive"},
    "labeling": {"runtime", "datasets", "evaluation", "embedding", "archive", "search"},
    "explore": {"runtime", "audio", "datasets", "embedding", "archive", "search", "labeling"},
    "training": {
        "runtime", "audio", "datasets", "views", "models", "losses", "evaluation", "optim",
        "recipes", "embedding",
    },
    "downstream": {
        "runtime", "audio", "datasets", "views", "models", "losses", "evaluation", "optim",
        "recipes", "embedding", "training",
    },
    "audit": {
        "runtime", "audio", "datasets", "evaluation", "embedding", "downstream", "search",
        "labeling", "explore",
    },
    "report": {
        "runtime", "audio", "datasets", "views", "evaluation", "training", "recipes", "downstream",
    },
    "demo": {
        "runtime", "audio", "datasets", "evaluation", "recipes", "embedding", "training",
        "downstream", "audit", "report",
    },
    "paper": {
        "runtime", "audio", "datasets", "views", "models", "evaluation", "recipes", "embedding",
        "training", "downstream",
    },
    "cli": {
        "runtime", "audio", "datasets", "recipes", "embedding", "archive", "search", "labeling",
        "explore", "training", "downstream", "audit", "report", "demo", "paper",
    },
}  # fmt: skip
TOP = {"__init__", "__main__"}
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 250, 60
PARTICIPLES = {"heard", "given", "found", "drawn", "kept", "looks"}  # variables are nouns
# Families of sounds, which `tests/synthesis/test_sounds.py` goes through.
TESTED_OVER_A_TABLE = {
    "synthesis/driven.py", "synthesis/noise.py", "synthesis/percussion.py", "synthesis/signals.py",
}  # fmt: skip
# Tests over a table, or of a whole data set.
TESTS_OF_A_WHOLE_ROOM = {
    "test_contract.py", "test_classification_contract.py", "test_hardness.py", "test_page.py",
    "test_loop_page.py",
}  # fmt: skip


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms that a module imports anywhere in its code."""
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


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_permission_is_used(room):
    imported = set().union(*map(imported_rooms, (SOURCE / room).glob("*.py")))
    unused = MAY_IMPORT[room] - imported
    assert not unused, f"no module of {room} imports {unused}: take it out of the table"


@pytest.mark.parametrize("library", ["lightning_fabric", "umap", "numba"])
def test_only_what_uses_a_slow_library_waits_for_it(library):
    """Importing it takes seconds, so no module does that when it is imported itself."""
    for path in SOURCE.rglob("*.py"):
        at_the_top = [node for node in ast.parse(path.read_text()).body if is_import(node)]
        assert not [
            node for node in at_the_top if re.search(rf"\b{library}\b", ast.unparse(node))
        ], path


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_every_room_is_in_the_table():
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms == set(MAY_IMPORT)
    assert {path.stem for path in SOURCE.glob("*.py")} == TOP


def test_two_levels_and_no_utils():
    for path in SOURCE.rglob("*.py"):
        assert len(path.relative_to(SOURCE).parts) <= 2
        assert path.stem not in {"utils", "common", "helpers", "base", "misc"}


def modules() -> list[Path]:
    """Return the modules of all rooms, without the __init__ files."""
    return [path for path in SOURCE.glob("*/*.py") if path.stem != "__init__"]


def test_a_module_has_tests_in_its_room():
    for path in modules():
        if path.relative_to(SOURCE).as_posix() not in TESTED_OVER_A_TABLE:
            tests = TESTS / path.parent.name / f"test_{path.name}"
            assert tests.exists(), f"{path.relative_to(SOURCE)} has no tests"


def test_a_test_belongs_to_the_module_it_is_named_after():
    for path in TESTS.glob("*/test_*.py"):
        if path.name not in TESTS_OF_A_WHOLE_ROOM:
            module = SOURCE / path.parent.name / path.name.removeprefix("test_")
            assert module.exists(), f"{path.relative_to(TESTS)} tests no module"


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_modules_and_functions_are_short(room):
    for path in (SOURCE / room).glob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= MOST_LINES_OF_A_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                n_lines = length_without_docstring(node)
                assert n_lines <= MOST_LINES_OF_A_FUNCTION, f"{path}: {node.name}, {n_lines} lines"


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_variable_is_a_noun(room):
    for path in (SOURCE / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for field in ("id", "arg", "attr"):  # a variable, a parameter or keyword, an attribute
                name = getattr(node, field, None)
                assert name not in PARTICIPLES, f"{path}:{node.lineno}: {name}"


def length_without_docstring(function: ast.FunctionDef) -> int:
    """Return the number of lines of a function without its docstring, which may be long."""
    n_lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return n_lines
    docstring = function.body[0]
    return n_lines - (docstring.end_lineno - docstring.lineno + 1)


ROOMS_USABLE_ALONE = ["audio", "models", "losses", "evaluation"]
IMPORT_ALONE = """
import importlib, os, sys
import torch  # once for all rooms

for room in sys.argv[1:]:
    room, *modules = room.split(",")
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    for module in modules:
        importlib.import_module(f"soundalike.{room}.{module}")
    ours = {name.split(".")[1] for name in sys.modules if name.startswith("soundalike.")}
    print(*ours, flush=True)
    os._exit(0)
"""


def test_some_rooms_are_usable_alone():
    """Importing the modules of each in a fresh process imports no other room."""
    rooms = [
        ",".join([room, *(path.stem for path in modules() if path.parent.name == room)])
        for room in ROOMS_USABLE_ALONE
    ]
    command = [sys.executable, "-c", IMPORT_ALONE, *rooms]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert child.stdout.splitlines() == ROOMS_USABLE_ALONE
