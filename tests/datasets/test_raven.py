"""Selection tables of one sound and of several."""

import pytest

from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import read_source

HEADER = "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tCommon Name\n"


@pytest.fixture
def place(tmp_path):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    return tmp_path / "all.txt"


def test_times_in_several_files_count_from_the_start_of_each(place):
    place.write_text(HEADER + "1\t5\t6\ta.wav\t5\towl\n2\t65\t66.5\tb.wav\t5\tfrog\n")
    assert [(c.path[-5:], c.start_s, c.end_s) for c in read_source(place)] == [
        ("a.wav", 5.0, 6.0), ("b.wav", 5.0, 6.5),
    ]  # fmt: skip


def test_times_that_count_from_the_first_of_several_files_are_refused(place):
    header = HEADER.replace("File Offset (s)", "Delta Time (s)")
    place.write_text(header + "1\t5\t6\ta.wav\t1\towl\n2\t65\t66\tb.wav\t1\tfrog\n")
    with pytest.raises(SourceError, match="from the first of 2 files: export the column 'File Off"):
        read_source(place)


def test_a_path_of_another_computer_is_searched_next_to_the_table(place):
    header = HEADER.replace("Begin File", "Begin Path")
    place.write_text(header + "1\t5\t6\tD:\\field\\a.wav\t5\towl\n2\t5\t6\tD:\\c.wav\t5\tfrog\n")
    clips = read_source(place)
    assert [clip.path for clip in clips] == [str(place.parent / "a.wav")]
    assert "no sound 'D:\\c.wav' beside it" in clips.problems[0].message


def test_a_table_without_labels_is_reported(place):
    place = place.rename(place.with_name("a.txt")) if place.exists() else place.with_name("a.txt")
    place.write_text("Selection\tBegin Time (s)\tEnd Time (s)\n1\t5\t6\n")
    clips = read_source(place)
    assert [clip.label for clip in clips] == [""]
    assert "a.txt: no column of labels" in clips.notes
