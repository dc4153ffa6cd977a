"""`soundalike labels`."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from archives import add_clips

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.cli import DONE, WRONG_USE
from soundalike.labeling.label_table import LabelTable
from soundalike.search import source_archive


@pytest.fixture
def archive(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 8000)
    archive = WindowArchive.create(tmp_path / "archive", Head(8, "model", root=str(tmp_path)))
    add_clips(archive, ["a.wav"])
    return archive


def test_labels_are_counted_and_written(archive, tmp_path, call, capsys):
    named = archive.path.rename(tmp_path / "my archive")
    assert call("labels", named) == DONE
    assert f"give them with `soundalike explore '{named}'`" in capsys.readouterr().out
    named.rename(archive.path)
    table = LabelTable(archive.path)
    table.assign([("hash of a.wav", 0, 1)], "owl", True)
    table.assign([("hash of a.wav", 1, 2), ("gone", 0, 1)], "owl", False)
    table.assign([("gone", 0, 1)], "rain", True)
    out = tmp_path / "labels.csv"
    assert call("labels", archive.path, "--out", out, "--json", tmp_path / "labels.json") == DONE
    assert capsys.readouterr().out.splitlines() == [
        "owl: 1, not 2",
        "rain: 1",
        f"1 labeled span in {out}; left out 1 of recordings that are no longer in the archive",
    ]
    assert pd.read_csv(out)["label"].tolist() == ["owl"]
    assert json.loads((tmp_path / "labels.json").read_text()) == {
        "archive": str(archive.path),
        "labels": [
            {"name": "owl", "n_yes": 1, "n_no": 2},
            {"name": "rain", "n_yes": 1, "n_no": 0},
        ],
        "n_spans": 1,
        "n_gone": 1,
    }


def test_a_source_stands_for_its_archive_in_the_cache(tmp_path, monkeypatch, call, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert call("labels", tmp_path) == WRONG_USE
    assert "no archive there" in capsys.readouterr().err
    folder = source_archive.cache_folder() / source_archive._key(str(tmp_path))
    WindowArchive.create(folder, Head(8, "model"))
    LabelTable(folder).assign([("gone", 0, 1)], "owl", True)
    assert call("labels", tmp_path) == DONE
    assert capsys.readouterr().out == "owl: 1\n"


def test_damaged_labels_are_one_line(archive, call, capsys):
    (archive.path / "labels.sqlite").write_bytes(b"damage" * 1000)
    assert call("labels", archive.path) == WRONG_USE
    error = capsys.readouterr().err
    assert "damaged (" in error
    assert error.count("\n") == 1
