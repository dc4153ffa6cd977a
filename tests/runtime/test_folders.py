"""A refused command leaves no empty folder."""

import pytest

from soundalike.runtime.folders import output_folder


@pytest.mark.parametrize("has_content", [False, True])
def test_an_error_leaves_only_folders_with_content(has_content, tmp_path):
    (tmp_path / "old").mkdir()
    deep = tmp_path / "old" / "new" / "deep"

    def fail():
        with output_folder(deep):
            if has_content:
                (deep / "results.json").touch()
            deep.joinpath("none").unlink()

    with pytest.raises(FileNotFoundError):
        fail()
    assert (tmp_path / "old" / "new").exists() is has_content
    assert (tmp_path / "old").is_dir()


def test_a_folder_stays_if_nothing_fails_and_if_it_was_there_before(tmp_path):
    with output_folder(tmp_path / "a"):
        pass
    with pytest.raises(KeyError), output_folder(tmp_path / "a"):
        raise KeyError
    assert (tmp_path / "a").is_dir()
