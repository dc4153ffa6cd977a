"""Rows of a table of clips: which files they name, and which of them are the same clip."""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.clips import Problem, SourceError
from soundalike.datasets.labels import classes_of
from soundalike.runtime.counts import counted

CLIP = ["path", "start_s", "end_s"]  # rows that agree on these are one clip
Problems = dict[int, Problem]
"""The problem of each row that is left out, by its position in the table."""


def existing_rows(
    table: Path, rows: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, Problems]:
    """Return the rows whose file exists, with the whole path; the others become problems.

    Paths are relative to the folder of the table, or to the only folder in it where the first of
    them exists. Backslashes separate folders where a path as it is written does not exist.

    Args:
        table: the file, for messages and as the place that paths are relative to.
        rows: has a column path; the index is the position of the row in the table.
        notes: gets a line if paths are relative to another folder.

    Raises:
        SourceError: no row names a file that exists.
    """
    names = rows["path"].unique()
    folder = _folder_of(table.parent, names)
    files = rows["path"].map({name: file_in(folder, name) for name in names})
    if files.isna().all():
        example = f", and the first is '{names[0]}'" if len(names) else ""
        if len(names) and re.match(r"[A-Za-z]:[\\/]", names[0]):
            example += ": write paths without the drive and the folders of a Windows computer"
        raise SourceError(
            f"{table}: of its {counted(len(rows), 'row')}, none names a file that exists; "
            f"paths are relative to {table.parent.resolve()}{example}."
        )
    if folder != table.parent:
        notes.append(f"paths are relative to the folder {folder.name}")
    problems = {}
    for row, name in rows["path"][files.isna()].items():
        line = f"{table}, row {row + 1}"
        problems[row] = Problem(
            name, "missing", f"{name}: no such file ({line}): correct the path."
        )
        if not name:
            problems[row] = Problem(line, "blank path", f"{line}: no path: fill it in.")
    return rows.assign(path=files)[files.notna()], problems


def join_rows(table: Path, rows: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, Problems]:
    """Return one row for each clip, with the labels of all its rows.

    A row that adds no label, or has another split or fold than the first row of its clip, becomes
    a problem.

    Args:
        table: the file, for messages.
        rows: path and any others of label, split, fold, start_s and end_s; the index is the
            position of the row in the table.
        notes: gets a line if labels were joined.
    """
    keys = rows[[column for column in CLIP if column in rows]]
    keys = keys.assign(
        path=keys["path"].map({p: os.path.normpath(p) for p in keys["path"].unique()})
    )
    clip = keys.groupby(list(keys), dropna=False, sort=False).ngroup().to_numpy()
    _, first = np.unique(clip, return_index=True)
    is_repeated = np.ones(len(rows), dtype=bool)
    is_repeated[first] = False
    labels = rows["label"].tolist() if "label" in rows else [""] * len(rows)
    places = rows[[column for column in ("split", "fold") if column in rows]]
    problems: Problems = {}
    n_joined = 0
    for position in np.flatnonzero(is_repeated):
        original, path = first[clip[position]], rows["path"].iloc[position]
        line = f"{table}, row {rows.index[position] + 1}"
        if not places.iloc[position].equals(places.iloc[original]):
            message = f"{path}: listed before in another split or fold ({line}): remove one row."
        elif set(classes_of(labels[position])) <= set(classes_of(labels[original])):
            message = f"{path}: listed before ({line}): remove one row."
        else:
            labels[original] = f"{labels[original]};{labels[position]}"
            n_joined += 1
            continue
        problems[int(rows.index[position])] = Problem(path, "duplicate row", message)
    if n_joined:
        notes.append(f"labels added to the clips of earlier rows: by {counted(n_joined, 'row')}")
        rows = rows.assign(label=labels)
    return rows[~is_repeated], problems


def divided_recordings(rows: pd.DataFrame) -> list[str]:
    """Return a line if segments of one recording are in several splits or folds.

    >>> divided_recordings(pd.DataFrame({"path": ["a.wav", "a.wav"], "fold": ["1", "2"]}))
    ['1 recording in several folds, such as a.wav: scores will be too good']
    """
    notes = []
    for column in ("split", "fold"):
        if column not in rows or rows["path"].is_unique:
            continue
        places = rows[rows[column] != ""].groupby("path", sort=False)[column].nunique()
        if len(divided := places.index[places > 1]):
            notes.append(
                f"{counted(len(divided), 'recording')} in several {column}s, such as "
                f"{os.path.basename(divided[0])}: scores will be too good"
            )
    return notes


def _folder_of(parent: Path, names: Iterable[str]) -> Path:
    """Return the folder that paths are relative to: the parent, or the only one in it that fits."""
    first = next(iter(names), "")
    if not first or any(file_in(parent, name) for name in names):
        return parent
    folders = [entry for entry in sorted(parent.iterdir()) if entry.is_dir()]
    fitting = [folder for folder in folders if file_in(folder, first)]
    return fitting[0] if len(fitting) == 1 else parent


def file_in(folder: Path, name: str) -> str | None:
    """Return the path of a file that a table names, None if there is none.

    Args:
        folder: relative names are relative to it.
        name: the name. If no such file exists, backslashes are slashes, and accents are written as
            other systems do.
    """
    spellings = [name, name.replace("\\", "/")]
    spellings += [unicodedata.normalize("NFC", path) for path in spellings]
    spellings += [unicodedata.normalize("NFD", path) for path in spellings]
    for written in dict.fromkeys(spellings):
        if written and os.path.isfile(folder / written):
            return str(folder / written)
    return None
