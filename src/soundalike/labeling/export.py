"""The labels of an archive as files: only what spans have, not what they have not.

A manifest is what `evaluate`, `pretrain`, `classify` and `scan` take. Its paths are absolute, so it
can be moved.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundalike.archive.window_archive import WindowArchive
from soundalike.embedding.output_file import claimed_file
from soundalike.labeling.label_name import SEPARATOR
from soundalike.labeling.label_table import LabelTable
from soundalike.runtime.atomic import write_text
from soundalike.search.archive_paths import full_path

SPAN = ["path", "start_s", "end_s"]


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


def manifest_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each span, with its labels separated by semicolons."""
    if not len(events):
        return events
    return events.groupby(SPAN, as_index=False, sort=False)["label"].agg(SEPARATOR.join)


def export_labels(archive: WindowArchive, out: Path) -> LabelExport:
    """Write the labels that the spans of an archive have to a manifest.

    Args:
        archive: the archive.
        out: a .csv file.

    Raises:
        SourceError: `out` is a folder, or has another suffix.
        InUseError: another run is writing `out`.
        OSError: the file cannot be written.
        ArchiveError: the labels are damaged.
    """
    events, n_gone = events_of(archive)
    manifest = manifest_of(events)
    with claimed_file(out, [".csv"]):
        write_text(out, manifest.to_csv(index=False, lineterminator="\n"))
    return LabelExport(len(manifest), events["label"].nunique(), n_gone)


def _paths(archive: WindowArchive, recordings: pd.Series) -> dict[str, str]:
    """Return the file of each recording; of several copies, the first one that is there."""
    rows = archive.rows(columns=["recording", "path"]).drop_duplicates()
    paths: dict[str, str] = {}
    for recording, path in rows[rows["recording"].isin(set(recordings))].itertuples(index=False):
        file = full_path(archive.head.root, path)
        if recording not in paths or not os.path.exists(paths[recording]):
            paths[recording] = file
    return paths
