"""FSDnoisy18k in its official layout."""

import pandas as pd
import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.source import read_source


@pytest.fixture
def root(tmp_path):
    """Three training clips, one of them verified, and one test clip."""
    meta = tmp_path / "FSDnoisy18k.meta"
    meta.mkdir()
    columns = "fname,label,aso_id,manually_verified,noisy_small\n"
    (meta / "train.csv").write_text(
        f"{columns}0001.wav,Dishes_and_pots_and_pans,/m/1,0,1\n"
        "100.wav,Fart,/m/2,1,0\n99.wav,Rain,/m/3,0,0\n"
    )
    (meta / "test.csv").write_text("fname,label,aso_id\n7.wav,Rain,/m/3\n")
    return tmp_path


def test_noisy_is_train_clean_is_validation_and_test_is_test(root):
    table = read_source(f"fsdnoisy18k:{root}")
    train, test = root / "FSDnoisy18k.audio_train", root / "FSDnoisy18k.audio_test"
    assert list(table) == [
        Clip(str(train / "0001.wav"), "Dishes_and_pots_and_pans", "train"),
        Clip(str(train / "100.wav"), "Fart", "validation"),
        Clip(str(train / "99.wav"), "Rain", "train"),
        Clip(str(test / "7.wav"), "Rain", "test"),
    ]
    assert table.name == "fsdnoisy18k"


def test_manually_verified_and_noisy_small_are_further_columns(root):
    rows = read_source(f"fsdnoisy18k:{root}").rows
    assert rows["manually_verified"].tolist() == [False, True, False, True]
    assert rows["noisy_small"].tolist() == [True, False, False, False]
    table = root / "FSDnoisy18k.meta" / "train.csv"
    pd.read_csv(table, dtype=str).drop(columns="noisy_small").to_csv(table, index=False)
    rows = read_source(f"fsdnoisy18k:{root}").rows
    assert rows["manually_verified"].tolist() == [False, True, False, True]
    assert not rows["noisy_small"].any()


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_missing_table_is_named(root, part):
    (root / "FSDnoisy18k.meta" / f"{part}.csv").unlink()
    with pytest.raises(SourceError, match=rf"{part}\.csv is missing: unpack FSDnoisy18k\.meta"):
        read_source(f"fsdnoisy18k:{root}")


def test_a_table_without_manually_verified_is_damaged(root):
    table = root / "FSDnoisy18k.meta" / "train.csv"
    pd.read_csv(table).drop(columns="manually_verified").to_csv(table, index=False)
    with pytest.raises(SourceError, match=r"train\.csv: damaged \(no column 'manually_verified'"):
        read_source(f"fsdnoisy18k:{root}")
