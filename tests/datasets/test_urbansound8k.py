"""UrbanSound8K in its own layout."""

import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.source import read_source


def test_label_and_fold_come_from_the_table(tmp_path):
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "UrbanSound8K.csv").write_text(
        "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
        "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n"
        "100263-2-0-117.wav,100263,58.5,62.5,1,10,2,children_playing\n"
    )
    table = read_source(f"urbansound8k:{tmp_path}")
    audio = tmp_path / "audio"
    assert list(table) == [  # start and end are those in the recording, not in the file
        Clip(str(audio / "fold5" / "100032-3-0-0.wav"), "dog_bark", fold="5"),
        Clip(str(audio / "fold10" / "100263-2-0-117.wav"), "children_playing", fold="10"),
    ]
    assert table.name == "urbansound8k"
    assert not table.has_splits


def test_another_layout_is_refused(tmp_path):
    (tmp_path / "audio").mkdir()
    with pytest.raises(SourceError, match=r"UrbanSound8K\.csv is missing: unpack metadata here"):
        read_source(f"urbansound8k:{tmp_path}")
