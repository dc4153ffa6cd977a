"""ESC-10 in its own layout."""

from collections import Counter
from pathlib import Path

import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.source import read_source

ROOT = Path(__file__).parents[3] / "shared" / "data" / "esc10"


def test_label_and_fold_come_from_the_names(tmp_path):
    for name in (
        "001 - Dog bark/1-100032-A.ogg",
        "001 - Dog bark/5-9032-B.ogg",
        "002 - Rain - hard/2-17367-A.wav",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("README.md", "001 - Dog bark/._1-100032-A.ogg", "001 - Dog bark/1-1-A.txt"):
        (tmp_path / name).touch()
    table = read_source(f"esc10:{tmp_path}")
    assert list(table) == [
        Clip(str(tmp_path / "001 - Dog bark" / "1-100032-A.ogg"), "Dog bark", fold="1"),
        Clip(str(tmp_path / "001 - Dog bark" / "5-9032-B.ogg"), "Dog bark", fold="5"),
        Clip(str(tmp_path / "002 - Rain - hard" / "2-17367-A.wav"), "Rain - hard", fold="2"),
    ]
    assert table.name == "esc10"


def test_another_layout_is_refused(tmp_path):
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "1-100032-A.ogg").touch()
    with pytest.raises(SourceError, match=f"esc10:{tmp_path}: no folders like '001 - Dog bark'"):
        read_source(f"esc10:{tmp_path}")


@pytest.mark.skipif(not ROOT.is_dir(), reason=f"ESC-10 is not in {ROOT}")
def test_the_published_set_has_400_clips():
    table = read_source(f"esc10:{ROOT}")
    assert len(table) == 400
    assert set(table.rows["label"].value_counts()) == {40}
    assert Counter(table.rows["fold"]) == dict.fromkeys("12345", 80)
    assert not table.has_splits
