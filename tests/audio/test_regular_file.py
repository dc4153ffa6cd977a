"""What can be opened, and what is said of anything else."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import Nursery

from soundalike.audio.audio_error import AudioError
from soundalike.audio.regular_file import open_regular


def problem_of(path: str | Path) -> str:
    """Problem of opening it; its line must be one, name the file and say more."""
    with pytest.raises(AudioError) as caught, open_regular(path):
        pass
    line = str(caught.value)
    assert line.isprintable()
    assert line.startswith(str(path)) or not str(path).isprintable()
    assert "; " in line
    return caught.value.problem


def test_a_path_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    assert problem_of(tmp_path) == "a folder"
    (tmp_path / "a.wav").write_text("a")
    assert problem_of(tmp_path / "none.wav") == "missing"
    assert problem_of(str(tmp_path / "none.wav")) == "missing"
    assert problem_of(tmp_path / "a\nb.wav") == "missing"
    assert problem_of(tmp_path / "a.wav" / "b.wav") == "missing"
    assert problem_of(tmp_path / ("long" * 100 + ".wav")) == "unreadable"
    assert problem_of(tmp_path / "a\0.wav") == "unreadable"
    os.mkfifo(tmp_path / "pipe.wav")
    assert problem_of(tmp_path / "pipe.wav") == "not a file"


def test_a_name_that_is_not_valid_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bird\xff.wav")
    path.write_text("a")
    assert problem_of(path) == "undecodable name"


# In a process of its own: only there may a user be given up.
PROBLEMS_FOR_NOBODY = """
import os, sys
from soundalike.audio.audio_error import AudioError
from soundalike.audio.regular_file import open_regular

os.setgid(65534)
os.setuid(65534)
for path in sys.argv[1:]:
    try:
        with open_regular(path):
            print("none")
    except AudioError as error:
        print(error.problem)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike ``tmp_path``."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_file_without_read_permission_is_refused(
    open_folder: Path, tmp_path: Path, nursery: Nursery
) -> None:
    readable = open_folder / "readable.wav"
    locked = open_folder / "locked.wav"
    for path in (readable, locked):
        path.write_text("a")
    locked.chmod(0)
    if os.geteuid() != 0:
        assert problem_of(locked) == "permission denied"
        return
    program = tmp_path / "program.py"
    program.write_text(PROBLEMS_FOR_NOBODY)
    process = nursery.run(program, readable, locked)
    assert process.returncode == 0, process.stderr
    problem_of_readable, problem_of_locked = process.stdout.splitlines()
    if problem_of_readable != "none":
        pytest.skip("another user cannot read from the temporary folder either")
    assert problem_of_locked == "permission denied"
