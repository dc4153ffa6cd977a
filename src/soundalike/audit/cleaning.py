"""Write a manifest with the decisions of a person; the source stays as it is."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audit.labels_file import decided_labels, keys
from soundalike.audit.labels_text import DROP, KEEP, RELABEL
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.verified import VERIFIED, verified_rows
from soundalike.runtime.atomic import write_text


@dataclass(frozen=True)
class CleaningResult:
    """What `write_cleaned` wrote.

    Args:
        file: the manifest.
        n_clips: its rows.
        n_kept: labels that were found to be right.
        n_relabeled: labels that were replaced.
        n_dropped: clips that were left out.
    """

    file: str
    n_clips: int
    n_kept: int
    n_relabeled: int
    n_dropped: int


def write_cleaned(file: Path, clips: ClipTable, decisions: pd.DataFrame) -> CleaningResult:
    """Write a manifest of a source: relabeled, and without the clips that are dropped.

    Labels that a person has confirmed or replaced are verified in it, so that training on soft
    labels takes them for right. Clips without a decision or a label are in it as they were. Its
    paths are absolute, so it can be moved.

    Args:
        file: a new .csv file.
        clips: the source.
        decisions: the table of labels, see `labels_file`.

    Raises:
        SourceError: the file exists or is no .csv file, there is no decision, or one is of a clip
            that is not in the source with this label.
        OSError: the file cannot be written.
    """
    check_cleaned_file(file)
    decided = decisions[decisions["decision"] != ""]
    if not len(decided):
        raise SourceError("no label has a decision: write keep, relabel or drop into labels.csv.")
    new_label = dict(zip(keys(decided), decided_labels(decided), strict=True))
    of_clips = keys(clips.rows)
    if gone := set(new_label) - set(of_clips):
        path, _, _, label = min(gone)
        raise SourceError(
            f"{path}: the source has no such clip with the label '{label}': audit it again."
        )
    rows = clips.rows.copy()
    rows["path"] = rows["path"].map({path: os.path.abspath(path) for path in rows["path"].unique()})
    rows["label"] = [
        new_label.get(key, label) for key, label in zip(of_clips, rows["label"], strict=True)
    ]
    is_decided = np.array([key in new_label for key in of_clips], dtype=bool)
    rows[VERIFIED] = (is_decided | verified_rows(rows)).astype(int)
    is_dropped = [key in new_label and not new_label[key] for key in of_clips]
    rows = rows[~pd.Series(is_dropped, rows.index, dtype=bool)]
    used = [
        column
        for column in rows
        if column in ("path", "label") or not (rows[column].isna() | (rows[column] == "")).all()
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, rows[used].to_csv(index=False, lineterminator="\n"))
    counts = decided["decision"].value_counts()
    return CleaningResult(
        str(file), len(rows), *(int(counts.get(name, 0)) for name in (KEEP, RELABEL, DROP))
    )


def check_cleaned_file(file: Path) -> None:
    """Refuse a file that exists, or is no .csv file.

    Raises:
        SourceError: it is one of these.
    """
    if file.suffix.lower() != ".csv":
        raise SourceError(f"{file}: a cleaned manifest is a .csv file.")
    if file.exists():
        raise SourceError(f"{file}: exists, and is not overwritten: name a new file.")
