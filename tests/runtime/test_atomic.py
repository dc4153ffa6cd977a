"""Files that are whole or not there."""

import pytest

from soundalike.runtime.atomic import atomic_write


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "whole.txt"
    with atomic_write(path) as beside:
        beside.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "whole.txt"
    path.write_text("old")

    def write_and_fail():
        with atomic_write(path) as beside:
            beside.write_text("new")
            raise error

    with pytest.raises(type(error)):
        write_and_fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"whole\.txt"), atomic_write(tmp_path / "whole.txt"):
        raise OSError(28, "No space left on device")
