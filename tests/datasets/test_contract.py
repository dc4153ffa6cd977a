"""What every data set with an adapter keeps to; a new one is tested before it has its own test."""

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


def make_esc10(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for folder in ("001 - Dog bark", "002 - Rain"):
        for fold in (1, 2):
            write_clip(root / folder / f"{fold}-100-A.wav")
    return str(root)


def make_fsdnoisy18k(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (root / "FSDnoisy18k.meta").mkdir()
    for part in ("train", "test"):
        for number in (1, 2):
            write_clip(root / f"FSDnoisy18k.audio_{part}" / f"{number}.wav")
        rows = {"fname": ["1.wav", "2.wav"], "label": ["Rain", "Fire"], "manually_verified": [0, 1]}
        pd.DataFrame(rows).to_csv(root / "FSDnoisy18k.meta" / f"{part}.csv", index=False)
    return str(root)


def make_synthetic(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    few = {"train_noisy": 5, "train_clean": 2, "test": 2}
    monkeypatch.setitem(synthetic.SIZES, "small", few)
    monkeypatch.setenv("XDG_CACHE_HOME", str(root))
    return "small"


LAYOUTS = {"esc10": make_esc10, "fsdnoisy18k": make_fsdnoisy18k, "synthetic": make_synthetic}


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_lists_labelled_clips_that_exist(name, tmp_path, monkeypatch):
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
def test_every_data_set_says_what_is_missing(name, tmp_path):
    with pytest.raises(SourceError, match=name):
        read_source(f"{name}:{tmp_path / 'gone'}")
