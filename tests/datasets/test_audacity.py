"""Label tracks, and texts that only seem to be some."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundalike.datasets.audacity import read, recognizes
from soundalike.datasets.cells import MISSING
from soundalike.datasets.text_table import open_text_table

labels = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
tracks = st.lists(
    st.tuples(st.floats(0, 9e5), st.floats(0, 9e5), labels.filter(lambda text: text[0] != "[")),
    min_size=1,
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks)
def test_any_track_is_read_back(tmp_path, track):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{start:.6f}\t{end:.6f}\t{label}\n" for start, end, label in track))
    table = open_text_table(path)
    assert recognizes(table)
    rows, _ = read(table)
    assert [round(start, 6) for start, _, _ in track] == rows["start_s"].tolist()
    unquoted = [label for _, _, label in track if label[0] != '"']
    assert set(unquoted) - MISSING <= set(rows["label"])


@pytest.mark.parametrize(
    "text", ["1.0\n2.0\n", "a\tb\n", "1\tx\tdog\n", "1,2,dog\n", "1\t2\ndog\n"]
)
def test_other_texts_are_not_label_tracks(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    assert not recognizes(open_text_table(tmp_path / "a.txt"))


def test_labels_without_text_are_unlabeled(tmp_path):
    (tmp_path / "a.txt").write_text("0\t1\n1\t2\tdog\n")
    rows, _ = read(open_text_table(tmp_path / "a.txt"))
    assert rows["label"].tolist() == ["", "dog"]
