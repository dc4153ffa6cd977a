"""The labels of an archive as files: only what spans have, not what they have not.

A manifest is what `evaluate`, `pretrain`, `classify` and `scan` take. Its paths are absolute, so it
can be moved. The other formats are those of `datasets.event_formats`, for other programs.
"""

import io
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.archive.window_archive import WindowArchive
from soundalike.datasets.event_files import TEXT, check_event_output, write_events
from soundalike.datasets.event_formats import FORMATS
from soundalike.embedding.output_file import claimed_file
from soundalike.labeling.label_name import SEPARATOR
from soundalike.labeling.label_table import LabelTable
from soundalike.runtime.atomic import write_text
from soundalike.search.archive_paths import full_path

SPAN = ["path", "start_s", "end_s"]
MANIFEST = "manifest"
LABEL_FORMATS = (MANIFEST, "raven", "audacity", "birdnet")


@dataclass(frozen=True)
class LabelExport:
    """What `export_labels` wrote.

    Args:
        n_spans: windows and other spans with a label.
        n_labels: different labels.
        n_gone: spans that were left out, since their recordings are no longer in the archive.
    """

    n_spans: int
    n_labels: int
    n_gone: int


def events_of(archive: WindowArchive) -> tuple[pd.DataFrame, int]:
    """Return the labels that spans have, a row each, and the number of spans of gone recordings.

    Returns:
        path, start_s, end_s and label, by path and time; and the number.
    """
    labels = LabelTable(archive.path).current()
    labels = labels[labels["value"]]
    events = labels.assign(path=labels["recording"].map(_paths(archive, labels["recording"])))
    is_gone = events["path"].isna()
    n_gone = len(labels[is_gone].drop_duplicates(["recording", "start_s", "end_s"]))
    events = events.loc[~is_gone, [*SPAN, "label"]].sort_values(SPAN, kind="stable")
    return events.reset_index(drop=True), n_gone


def manifest_text(events: pd.DataFrame) -> str:
    """Return a manifest: a row for each span, with its labels separated by semicolons."""
    if len(events):
        events = events.groupby(SPAN, as_index=False, sort=False)["label"].agg(SEPARATOR.join)
    return events.to_csv(index=False, lineterminator="\n")


def export_labels(archive: WindowArchive, out: Path, format: str = MANIFEST) -> LabelExport:
    """Write the labels that the spans of an archive have.

    A folder gets a table of every recording that ever had a label. So tables of an earlier export
    do not stay when labels are withdrawn.

    Args:
        archive: the archive.
        out: a .csv file for a manifest or BirdNET; for Raven and Audacity a folder, which gets a
            table for each recording, in the folders of the recordings below the archive's root.
        format: one of `LABEL_FORMATS`.

    Raises:
        SourceError: `out` does not fit the format.
        InUseError: another run is writing `out`.
        OSError: a file cannot be written.
        ArchiveError: the labels are damaged.
    """
    events, n_gone = events_of(archive)
    if format == MANIFEST:
        with claimed_file(out, [".csv"]):
            write_text(out, manifest_text(events))
    else:
        check_event_output(out, format, events["path"].nunique())
        out.parent.mkdir(parents=True, exist_ok=True)
        is_folder = FORMATS[format].is_per_recording and (out.is_dir() or out.suffix != TEXT)
        recordings = _ever_labeled(archive) if is_folder else []
        table = events.assign(score=np.nan)
        write_events(table, out, format, recordings=recordings, root=archive.head.root)
    n_spans = len(events.drop_duplicates(SPAN))
    return LabelExport(n_spans, events["label"].nunique(), n_gone)


def label_file(archive: WindowArchive, format: str) -> tuple[str, bytes]:
    """Return the labels that the spans of an archive have as one file, with its name.

    Tables of a format that has one for each recording are in a zip file.

    Args:
        archive: the archive.
        format: one of `LABEL_FORMATS`.

    Raises:
        ArchiveError: the labels are damaged.
    """
    if format == MANIFEST:
        return "labels.csv", manifest_text(events_of(archive)[0]).encode()
    with tempfile.TemporaryDirectory() as folder:
        if not FORMATS[format].is_per_recording:
            file = Path(folder) / f"{format}.csv"
            export_labels(archive, file, format)
            return file.name, file.read_bytes()
        tables, content = Path(folder) / format, io.BytesIO()
        export_labels(archive, tables, format)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(tables.rglob("*.txt")):
                zipped.write(path, path.relative_to(folder))
        return f"{format}.zip", content.getvalue()


def _ever_labeled(archive: WindowArchive) -> list[str]:
    """Return the files of the recordings that have a label or had one."""
    history = LabelTable(archive.path).history()
    recordings = history["recording"][history["value"].eq(1).fillna(False).astype(bool)]
    return sorted(_paths(archive, recordings).values())


def _paths(archive: WindowArchive, recordings: pd.Series) -> dict[str, str]:
    """Return the file of each recording; of several copies, the first one that is there."""
    rows = archive.rows(columns=["recording", "path"]).drop_duplicates()
    paths: dict[str, str] = {}
    for recording, path in rows[rows["recording"].isin(set(recordings))].itertuples(index=False):
        file = full_path(archive.head.root, path)
        if recording not in paths or not os.path.exists(paths[recording]):
            paths[recording] = file
    return paths
