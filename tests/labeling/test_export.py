"""Labels as a manifest."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile
from archives import add_clips

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import read_source
from soundalike.labeling.export import (
    LABEL_FORMATS,
    LabelExport,
    events_of,
    export_labels,
    label_file,
)
from soundalike.labeling.label_table import LabelTable

NAMES = ["owl \n'ü'.wav", "wren, #1%.wav"]


@pytest.fixture
def archive(tmp_path):
    """An archive of two files of 2 s, and of two that are gone."""
    root = tmp_path / "sounds"
    root.mkdir()
    for name in NAMES:
        soundfile.write(root / name, np.zeros(16000), 8000)
    archive = WindowArchive.create(tmp_path / "archive", Head(8, "model", root=str(root)))
    add_clips(archive, [*NAMES, "moved.wav"])
    add_clips(archive, ["moved too.wav"], seed=1, recording=f"hash of {NAMES[0]}")
    return archive


def test_a_manifest_is_read_back(archive, tmp_path):
    table = LabelTable(archive.path)
    owl, wren = (f"hash of {name}" for name in NAMES)
    table.assign([(owl, 0.0, 1.0), (wren, 1.0, 2.0)], "owl", True)
    table.assign([(owl, 0.0, 1.0), (owl, 0.1 + 0.2, 0.7)], "rain, wind", True)
    table.assign([(owl, 1.0, 2.0)], "owl", False)
    table.assign([("unknown", 0.0, 1.0)], "owl", True)
    result = export_labels(archive, tmp_path / "new" / "labels.csv")
    assert result == LabelExport(n_spans=3, n_labels=2, n_gone=1)
    clips = read_source(tmp_path / "new" / "labels.csv")
    assert not clips.problems
    expected = [
        (str(tmp_path / "sounds" / NAMES[0]), 0.0, 1.0, "owl;rain, wind"),
        (str(tmp_path / "sounds" / NAMES[0]), 0.1 + 0.2, 0.7, "rain, wind"),
        (str(tmp_path / "sounds" / NAMES[1]), 1.0, 2.0, "owl"),
    ]
    assert [(clip.path, clip.start_s, clip.end_s, clip.label) for clip in clips] == expected


def test_without_labels_a_manifest_has_only_a_header(archive, tmp_path):
    assert export_labels(archive, tmp_path / "labels.csv") == LabelExport(0, 0, 0)
    assert (tmp_path / "labels.csv").read_text() == "path,start_s,end_s,label\n"


def test_files_that_are_gone_are_exported_as_they_were(archive):
    LabelTable(archive.path).assign([("hash of moved.wav", 0.0, 1.0)], "owl", True)
    events, n_gone = events_of(archive)
    assert events["path"].tolist() == [f"{archive.head.root}/moved.wav"]
    assert n_gone == 0
    assert isinstance(events, pd.DataFrame)


@pytest.mark.parametrize("name", ["", "labels.txt"])
def test_a_manifest_is_a_csv_file(archive, tmp_path, name):
    with pytest.raises(SourceError):
        export_labels(archive, tmp_path / name)


@pytest.mark.parametrize("format", [name for name in LABEL_FORMATS if name != "manifest"])
def test_tables_of_other_programs_are_read_back(archive, tmp_path, format):
    table = LabelTable(archive.path)
    table.assign(
        [(f"hash of {NAMES[1]}", 0.0, 1.0), (f"hash of {NAMES[1]}", 0.5, 1.5)], "owl", True
    )
    table.assign([(f"hash of {NAMES[1]}", 0.5, 1.5)], "rain", True)
    sounds = tmp_path / "sounds"
    out = sounds if format in ("raven", "audacity") else sounds / "birdnet.csv"
    assert export_labels(archive, out, format) == LabelExport(n_spans=2, n_labels=2, n_gone=0)
    (written,) = [path for path in tmp_path.rglob("*") if path.suffix in (".txt", ".csv")]
    clips = read_source(written)
    assert [(clip.start_s, clip.end_s, clip.label) for clip in clips] == [
        (0.0, 1.0, "owl"), (0.5, 1.5, "owl;rain"),
    ]  # fmt: skip
    name, content = label_file(archive, format)
    if format == "birdnet":
        assert (name, content) == ("birdnet.csv", written.read_bytes())
    else:
        tables = zipfile.ZipFile(io.BytesIO(content))
        assert tables.namelist() == [f"{format}/{written.name}"]
        assert tables.read(tables.namelist()[0]) == written.read_bytes()


def test_a_table_per_recording_needs_a_folder(archive, tmp_path):
    with pytest.raises(SourceError, match="name a folder"):
        export_labels(archive, tmp_path / "labels.csv", "raven")


@pytest.mark.parametrize("format", ["raven", "audacity"])
def test_a_table_does_not_stay_when_its_labels_are_withdrawn(archive, tmp_path, format):
    table, out = LabelTable(archive.path), tmp_path / "tables"
    spans = [(f"hash of {name}", 0.0, 1.0) for name in NAMES]
    table.assign(spans, "owl", True)
    export_labels(archive, out, format)
    tables = sorted(out.iterdir())
    assert len(tables) == 2
    table.assign(spans[1:], "owl", None)
    table.assign([("hash of moved.wav", 0.0, 1.0)], "owl", True)
    table.undo()
    assert export_labels(archive, out, format) == LabelExport(n_spans=1, n_labels=1, n_gone=0)
    lines = {path.name: path.read_text().splitlines() for path in sorted(out.iterdir())}
    n_header = 1 if format == "raven" else 0
    of_names = {
        name: len(lines[table.name]) - n_header for name, table in zip(NAMES, tables, strict=True)
    }
    assert of_names == {NAMES[0]: 1, NAMES[1]: 0}
    assert sum(map(len, lines.values())) == len(lines) * n_header + 1
    export_labels(archive, tmp_path / "one.txt", format)
    assert (tmp_path / "one.txt").read_text().splitlines() == lines[tables[0].name]
