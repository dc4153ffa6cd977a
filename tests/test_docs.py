"""The documents name files, commands, options and recipe keys that exist."""

import contextlib
import importlib.util
import io
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from soundalike.cli.main import main

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "soundalike"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(SOURCE.glob("pretrained/*/README.md")),
]
SECTIONS = (
    "front_end", "views", "encoder", "head", "loss", "optimizer", "schedule", "training", "monitor",
    "embedding",
)  # fmt: skip
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code_lines(page):
    """Return the lines of a page's code blocks; lines that end with a backslash are joined."""
    lines, is_fenced = [], False
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            lines.append(line.strip())
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def commands(page, program):
    """Return the arguments of every command line of a page that starts with a program."""
    lines = (line.removeprefix(".venv/bin/") for line in code_lines(page))
    words = (shlex.split(line, comments=True) for line in lines if line.startswith(program))
    return [line[len(program.split()) :] for line in words]


@cache
def help_of(command):
    """Return the help text of a command."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), pytest.raises(SystemExit):
        main([command, "--help"])
    return text.getvalue()


def options(words):
    return [word.partition("=")[0] for word in words if word.startswith("--")]


@every_page
def test_files_and_names_in_docs_exist(page):
    names = re.findall(
        r"`((?:[\w.]+/)+[\w.]+\.(?:py|yaml|md|csv))(?:: ([\w.]+))?`", page.read_text()
    )
    for path, name in names:
        if "ROOM" in path or "NAME" in path or path.startswith(("runs/", "sets/", "pool/")):
            continue  # placeholders, and files that commands write
        candidates = [root / path for root in (ROOT, SOURCE, ROOT / "tests")]
        files = [candidate for candidate in candidates if candidate.is_file()]
        assert files, f"there is no {path}"
        assert name.rpartition(".")[2] in files[0].read_text(), f"{path} has no {name}"


@every_page
def test_links_in_docs_work(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"there is no {target}"


@every_page
def test_anchors_in_docs_exist(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", page.read_text()):
        text = ((page.parent / target) if target else page).read_text()
        titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
        assert anchor in slugs, f"{target} has no section {anchor}"


@every_page
def test_commands_in_docs_have_valid_options(page):
    for command, *words in commands(page, "soundalike "):
        assert f"soundalike {command}" in help_of(command)
        for option in options(words):
            if "." not in option:
                assert re.search(rf"{option}\b", help_of(command)), f"{command} has no {option}"
        if command == "pretrain":  # its recipe keys, too
            with contextlib.redirect_stdout(io.StringIO()):
                assert main([command, *words, "--print_recipe"]) == 0


@every_page
def test_scripts_in_docs_have_valid_options(page):
    for script, *words in commands(page, "python "):
        if script.startswith("-"):
            continue
        text = (ROOT / script).read_text()
        for option in options(words):
            assert "." in option or f'"{option}"' in text, f"{script} has no {option}"


@every_page
def test_recipe_keys_in_docs_exist(page):
    source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    pattern = rf"`(?:--)?((?:{'|'.join(SECTIONS)})(?:\.\w+)+)(?:[:` ]|=)"
    for key in re.findall(pattern, page.read_text()):
        assert re.search(rf"\b{key.rpartition('.')[2]}\b", source), f"there is no key {key}"


def test_the_rooms_are_those_of_the_import_test():
    spec = importlib.util.spec_from_file_location(
        "architecture", ROOT / "tests" / "test_architecture.py"
    )
    architecture = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(architecture)
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.partition("| room |")[2].partition("\n\n")[0].splitlines()[2:]
    rooms = {}
    for row in table:
        room, _, allowed = row.strip("| ").split(" | ")
        rooms[room.strip("`")] = set(re.findall(r"`(\w+)`", allowed))
    assert rooms == architecture.MAY_IMPORT
    readme = (ROOT / "README.md").read_text()
    for room in rooms:
        assert re.search(rf"[├└]── {room}/ ", readme), f"the README's tree has no {room}"
