"""ESC-50 in its own layout."""

import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.source import read_source


def test_label_and_fold_come_from_the_table(tmp_path):
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-100032-A-0.wav,1,0,dog,True,100032,A\n"
        "5-9032-B-20.wav,5,20,crying_baby,True,9032,B\n"
    )
    table = read_source(f"esc50:{tmp_path}")
    assert list(table) == [
        Clip(str(tmp_path / "audio" / "1-100032-A-0.wav"), "dog", fold="1"),
        Clip(str(tmp_path / "audio" / "5-9032-B-20.wav"), "crying baby", fold="5"),
    ]
    assert table.name == "esc50"
    assert not table.has_splits


def test_another_layout_is_refused(tmp_path):
    (tmp_path / "audio").mkdir()
    with pytest.raises(SourceError, match=rf"esc50:{tmp_path}: .*esc50\.csv is missing: unpack"):
        read_source(f"esc50:{tmp_path}")
