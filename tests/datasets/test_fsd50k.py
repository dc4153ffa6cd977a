"""FSD50K in its official layout."""

import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.source import read_source


@pytest.fixture
def root(tmp_path):
    """Two development clips and one for evaluation."""
    tables = tmp_path / "FSD50K.ground_truth"
    tables.mkdir()
    (tables / "dev.csv").write_text(
        "fname,labels,mids,split\n"
        '64760,"Electric_guitar,Guitar,Musical_instrument","/m/02sgy,/m/0342h,/m/04szw",train\n'
        "0042,Rain,/m/06mb1,val\n"
    )
    (tables / "eval.csv").write_text('fname,labels,mids\n37199,"Bark,Dog","/m/05tny_,/m/0bt9lr"\n')
    return tmp_path


def test_clips_have_several_classes_and_the_official_splits(root):
    table = read_source(f"fsd50k:{root}")
    dev, evaluation = root / "FSD50K.dev_audio", root / "FSD50K.eval_audio"
    assert list(table) == [
        Clip(str(dev / "64760.wav"), "Electric_guitar;Guitar;Musical_instrument", "train"),
        Clip(str(dev / "0042.wav"), "Rain", "validation"),
        Clip(str(evaluation / "37199.wav"), "Bark;Dog", "test"),
    ]
    assert table.name == "fsd50k"
    assert table.labels().is_multi_label
    assert table.labels(["Dog", "Guitar"]).values.tolist() == [[0, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize("part", ["dev", "eval"])
def test_a_missing_table_is_named(root, part):
    (root / "FSD50K.ground_truth" / f"{part}.csv").unlink()
    with pytest.raises(SourceError, match=rf"{part}\.csv is missing: unpack FSD50K\.ground_truth"):
        read_source(f"fsd50k:{root}")


def test_an_unknown_split_is_refused(root):
    table = root / "FSD50K.ground_truth" / "dev.csv"
    table.write_text(table.read_text().replace(",val\n", ",test\n"))
    with pytest.raises(SourceError, match=r"dev\.csv has other splits than train and val"):
        read_source(f"fsd50k:{root}")
