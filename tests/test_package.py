"""The package's front door: cheap to import, and every verb is behind it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import soundalike

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("verb", soundalike.__all__)
def test_every_verb_is_there_and_documented(verb):
    assert getattr(soundalike, verb).__doc__
    assert verb in dir(soundalike)


def test_a_verb_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'listen'"):
        soundalike.listen  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, soundalike;"
        "print(*{'torch', 'numpy', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == soundalike.__version__


def test_every_core_dependency_is_locked_with_hashes_and_no_addresses():
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        name = requirement.split(">")[0].split("[")[0]
        if name != "torch":  # its build depends on the machine
            assert f"\n{name}==" in f"\n{lock}", f"{name} is not locked: run `make lock`"
    assert "://" not in lock
    assert "torch==" not in lock.replace("pytorch", "")


def test_the_readme_s_commands_are_those_of_the_makefile():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in readme
        assert f"\n{target}: " in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("page", ["docs/paper_map.md", "docs/architecture.md", "CONTRIBUTING.md"])
def test_the_docs_name_what_is_there(page):
    named = re.findall(
        r"`((?:[\w.]+/)+\w+\.(?:py|yaml|md))(?:: ([\w.]+))?`", (ROOT / page).read_text()
    )
    assert named
    for path, name in named:
        if "ROOM" in path or "NAME" in path:  # stand for any
            continue
        places = [root / path for root in (ROOT, ROOT / "src" / "soundalike", ROOT / "tests")]
        found = [place for place in places if place.is_file()]
        assert found, f"{page} names {path}"
        assert name.rpartition(".")[2] in found[0].read_text(), f"{page} names {path}: {name}"
