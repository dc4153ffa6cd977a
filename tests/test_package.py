"""The package itself: importing it is cheap, and every public name is documented."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import soundalike

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", soundalike.__all__)
def test_every_public_name_is_documented(name):
    assert getattr(soundalike, name).__doc__
    assert name in dir(soundalike)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'listen'"):
        soundalike.listen  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, soundalike;"
        "print(*{'torch', 'numpy', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not process.stdout.strip()


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == soundalike.__version__


def test_every_core_dependency_is_locked_with_hashes_and_no_addresses():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    locks = {"requirements.lock": extras["av"], "requirements-dev.lock": extras["dev"]}
    for file, more in locks.items():
        lock = (ROOT / file).read_text()
        for requirement in [*project["dependencies"], *more]:
            name = requirement.split(">")[0].split("[")[0]
            if name != "torch":  # its build depends on the machine
                assert f"\n{name}==" in f"\n{lock}", f"{name} is not in {file}: run `make lock`"
        assert "://" not in lock
        assert "torch==" not in lock.replace("pytorch", "")
    needed, dev = (set((ROOT / file).read_text().splitlines()) for file in locks)
    assert needed < dev


def test_the_readme_names_targets_of_the_makefile():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in readme
        assert f"\n{target}: " in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_make_without_a_target_lists_every_target():
    """A goal was left blank in messages: "make  PYTHON=python3.12"."""
    text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (phony,) = re.findall(r"^[.]PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in phony.split():
        assert target == "help" or re.search(rf"\b{target}\b", text), target
