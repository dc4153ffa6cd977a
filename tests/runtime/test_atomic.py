"""Files are either complete or absent."""

import pytest

from soundalike.runtime.atomic import atomic_write, write_json, write_text


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "whole.txt"
    with atomic_write(path) as beside:
        beside.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_a_failure_leaves_the_old_file(tmp_path, error):
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


def test_text_keeps_its_characters_and_line_ends(tmp_path):
    write_text(tmp_path / "a.csv", "Bänke\r\n\n")
    assert (tmp_path / "a.csv").read_bytes() == "Bänke\r\n\n".encode()


def test_json_is_indented(tmp_path):
    write_json(tmp_path / "a.json", {"n": 1, "names": ["x"]})
    assert (tmp_path / "a.json").read_text() == '{\n "n": 1,\n "names": [\n  "x"\n ]\n}\n'


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {1j})
    assert (tmp_path / "a.json").read_text() == "1\n"
    assert len(list(tmp_path.iterdir())) == 1
