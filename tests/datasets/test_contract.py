"""Properties of every data set in the table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.datasets import DATASETS, synthetic
from soundalike.datasets.clips import SPLITS, SourceError
from soundalike.datasets.source import read_source


def write_clip(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(100), 22050)


def write_table(path: Path, columns: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    pd.DataFrame(columns).to_csv(path, index=False)


def make_esc10(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for folder in ("001 - Dog bark", "002 - Rain"):
        for fold in (1, 2):
            write_clip(root / folder / f"{fold}-100-A.wav")
    return str(root)


def make_esc50(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    names = ["1-1-A-0.wav", "1-2-A-1.wav", "2-3-A-0.wav", "2-4-A-1.wav"]
    for name in names:
        write_clip(root / "audio" / name)
    rows = {"filename": names, "fold": [1, 1, 2, 2], "category": ["dog", "crying_baby"] * 2}
    write_table(root / "meta" / "esc50.csv", rows)
    return str(root)


def make_fsd50k(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for part in ("dev", "eval"):
        for number in (1, 2):
            write_clip(root / f"FSD50K.{part}_audio" / f"{number}.wav")
        rows = {"fname": [1, 2], "labels": ["Bark,Dog", "Rain"], "split": ["train", "val"]}
        write_table(root / "FSD50K.ground_truth" / f"{part}.csv", rows)
    return str(root)


def make_fsdnoisy18k(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for part in ("train", "test"):
        for number in (1, 2):
            write_clip(root / f"FSDnoisy18k.audio_{part}" / f"{number}.wav")
        rows = {"fname": ["1.wav", "2.wav"], "label": ["Rain", "Fire"], "manually_verified": [0, 1]}
        write_table(root / "FSDnoisy18k.meta" / f"{part}.csv", rows)
    return str(root)


def make_synthetic(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    few = {"train_noisy": 5, "train_clean": 2, "test": 2}
    monkeypatch.setitem(synthetic.SIZES, "small", few)
    monkeypatch.setenv("XDG_CACHE_HOME", str(root))
    return "small"


def make_urbansound8k(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    names, folds = ["1-3-0-0.wav", "2-9-0-0.wav", "3-3-0-0.wav", "4-9-0-0.wav"], [1, 1, 10, 10]
    for name, fold in zip(names, folds, strict=True):
        write_clip(root / "audio" / f"fold{fold}" / name)
    classes = ["dog_bark", "street_music"] * 2
    rows = {"slice_file_name": names, "fold": folds, "class": classes}
    write_table(root / "metadata" / "UrbanSound8K.csv", rows)
    return str(root)


LAYOUTS = {
    "esc10": make_esc10,
    "esc50": make_esc50,
    "fsd50k": make_fsd50k,
    "fsdnoisy18k": make_fsdnoisy18k,
    "synthetic": make_synthetic,
    "urbansound8k": make_urbansound8k,
}


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_lists_labeled_clips_that_exist(name, tmp_path, monkeypatch):
    assert name in LAYOUTS, f"write a small layout of {name} for this test"
    source = f"{name}:{LAYOUTS[name](tmp_path, monkeypatch)}"
    clips = read_source(source)
    assert len(clips) >= 4
    for clip in clips:
        assert Path(clip.path).is_absolute()
        assert Path(clip.path).is_file()
        assert clip.label
        assert clip.split in ("", *SPLITS)
    assert clips.has_splits or len(clips.folds) > 1
    assert clips.fingerprint() == read_source(source).fingerprint()


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_names_the_missing_file(name, tmp_path):
    for root in (tmp_path, tmp_path / "gone"):
        with pytest.raises(SourceError, match=name) as error:
            read_source(f"{name}:{root}")
        assert str(root) in str(error.value)
        assert "\n" not in str(error.value)


WITH_TABLES = ["esc50", "fsd50k", "fsdnoisy18k", "urbansound8k"]


def tables_of(root: Path) -> list[Path]:
    return sorted(root.rglob("*.csv"))


def rewrite(table: Path, encoding: str = "utf-8", **arguments) -> None:
    """Save a table as another program does, with a column whose values are not ASCII."""
    rows = pd.read_csv(table, dtype=str).assign(note="Geräusch")
    table.write_bytes(rows.to_csv(index=False, **arguments).encode(encoding))


@pytest.mark.parametrize("name", WITH_TABLES)
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_saved_by_other_programs_are_read(name, separator, encoding, tmp_path, monkeypatch):
    source = f"{name}:{LAYOUTS[name](tmp_path, monkeypatch)}"
    expected = read_source(source)
    for table in tables_of(tmp_path):
        rewrite(table, encoding, sep=separator, lineterminator="\r\n")
    assert list(read_source(source)) == list(expected)


DAMAGE = {
    "empty": (lambda raw: b"", "the file is empty"),
    "header only": (lambda raw: raw.splitlines(keepends=True)[0], "it lists no clip"),
    "a picture": (lambda raw: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\x02" * 9, ""),
    "cut": (lambda raw: raw.rstrip().rpartition(b",")[0].rpartition(b",")[0], "no "),
    "an open quote": (lambda raw: raw + b'"1', ""),
    "a longer row": (lambda raw: raw + b"1,2,3,4,5,6\n", "values and the header"),
    "other columns": (lambda raw: raw.replace(b"f", b"x", 1), "no column '"),
    "cp1252 names": (
        lambda raw: raw + b"\xe4\xf6\xfc.wav,\xe4\xf6\xfc,\xe4\xf6\xfc\n",
        "not UTF-8",
    ),
}


@pytest.mark.parametrize("name", WITH_TABLES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_is_named_in_one_line(name, damage, tmp_path, monkeypatch):
    source = f"{name}:{LAYOUTS[name](tmp_path, monkeypatch)}"
    change, reason = DAMAGE[damage]
    for table in tables_of(tmp_path):
        whole = table.read_bytes()
        table.write_bytes(change(whole))
        with pytest.raises(SourceError) as error:
            read_source(source)
        message = str(error.value)
        assert message.startswith(f"{table}: damaged (")
        assert reason in message
        assert message.endswith("): unpack it again.")
        assert "\n" not in message
        table.unlink()
        with pytest.raises(SourceError, match=f"{table.name} is missing: unpack"):
            read_source(source)
        table.write_bytes(whole)
