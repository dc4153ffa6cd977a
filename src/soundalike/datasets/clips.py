"""The table of clips: every source of sounds is read into one."""

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.labels import Labels, classes_of
from soundalike.datasets.verified import verified_rows

SPLITS = ("train", "validation", "test")
ROWS_AT_ONCE = 4096  # converted at a time: Python objects need far more memory than the table


class SourceError(Exception):
    """A source cannot be used; the one-line message says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Clip:
    """A recording, or a segment of one, with its label and split ("" or None: unknown).

    The label names one class, or several separated by ";".
    """

    path: str
    label: str = ""
    split: str = ""
    fold: str = ""
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class Problem:
    """A problem with a clip; most such clips are left out, as the message says."""

    path: str
    problem: str
    message: str


def problem_of_name(path: Path) -> Problem | None:
    """Return the problem of a sound whose name no table can hold; None for any other.

    >>> problem_of_name(Path("Bär.wav"))
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = str(path).encode(errors="surrogateescape").decode(errors="replace")
        return Problem(shown, "name", f"{shown}: the name is not valid UTF-8: rename it.")
    return None


_COLUMNS: dict[str, object] = {
    "path": "",
    "label": "",
    "split": "",
    "fold": "",
    "start_s": np.nan,
    "end_s": np.nan,
}


@dataclass(frozen=True)
class ClipTable:
    """Clips in a fixed order, one row each.

    Labels are normalized to "dog;rain": each class once, without spaces. So "" is the only label
    without a class.

    Args:
        name: name of the source in messages and results.
        rows: the columns of `Clip`, and any others. Missing columns of `Clip` become "unknown".
        problems: problems that came up while the source was read.
        notes: what was assumed about the source, or is to be known about it, a line each.
        root: folder that results name the paths of clips in; "": they name whole paths.
    """

    name: str
    rows: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    root: str = ""

    def __post_init__(self) -> None:
        rows = self.rows.reset_index(drop=True).copy()
        for column, unknown in _COLUMNS.items():
            if column not in rows:
                rows[column] = unknown
        rows["label"] = rows["label"].map(
            {label: ";".join(classes_of(label)) for label in rows["label"].unique()}
        )
        further = [column for column in rows.columns if column not in _COLUMNS]
        object.__setattr__(self, "rows", rows[[*_COLUMNS, *further]])

    @classmethod
    def of(
        cls,
        name: str,
        clips: list[Clip],
        problems: list[Problem] | None = None,
        notes: list[str] | None = None,
    ) -> "ClipTable":
        """Make a table from a list of clips."""
        columns = {column: [getattr(clip, column) for clip in clips] for column in _COLUMNS}
        rows = pd.DataFrame(columns)
        rows = rows.astype({"start_s": float, "end_s": float})
        return cls(name, rows, problems or [], notes or [])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Clip]:
        for first in range(0, len(self), ROWS_AT_ONCE):
            rows = self.rows.iloc[first : first + ROWS_AT_ONCE]
            columns = [rows[column].tolist() for column in _COLUMNS]
            for path, label, split, fold, start_s, end_s in zip(*columns, strict=True):
                yield Clip(path, label, split, fold, _known(start_s), _known(end_s))

    @property
    def classes(self) -> list[str]:
        """Names of the classes, sorted; a class index is a position in this list."""
        return sorted({name for label in self.rows["label"].unique() for name in classes_of(label)})

    @property
    def has_splits(self) -> bool:
        """Whether any clip belongs to a named split."""
        return bool((self.rows["split"] != "").any())

    @property
    def folds(self) -> list[str]:
        """Names of the folds, in the order of `fold_names`."""
        return fold_names(self.rows["fold"].unique())

    def labels(self, classes: list[str] | None = None) -> Labels:
        """Return the labels as numbers.

        Ask the table of the whole set, then select: some clips of a multi-label set may happen to
        have one class each, and would get labels of the other kind.

        Args:
            classes: names of the classes, by default those of this table; any other class counts as
                none.
        """
        classes = self.classes if classes is None else classes
        labels = Labels.from_names(self.rows["label"], classes)
        return dataclasses.replace(labels, is_verified=verified_rows(self.rows))

    def relative_paths(self) -> pd.Series:
        """Return the paths of clips below `root` relative to it, with "/" on every system."""
        paths = self.rows["path"]
        if not self.root:
            return paths
        folder = os.path.join(self.root, "")
        is_below = paths.str.startswith(folder)
        return paths.where(~is_below, paths.str[len(folder) :].str.replace(os.sep, "/"))

    def announce(self) -> None:
        """Print the notes on standard error."""
        for note in self.notes:
            print(f"{self.name}: {note}", file=sys.stderr)

    def where(self, keep: np.ndarray) -> "ClipTable":
        """Return the clips that a boolean or index array [clips] selects."""
        rows = self.rows[keep] if keep.dtype == bool else self.rows.iloc[keep]
        return ClipTable(self.name, rows, root=self.root)

    def fingerprint(self) -> str:
        """Return a hash of the columns of `Clip`: with the same one, tables are of the same clips.

        Other columns, such as which labels are verified, are no part of it.
        """
        digest = hashlib.sha256()
        for column in _COLUMNS:  # hashed as one JSON list: its name, then its values
            digest.update(json.dumps([column])[:-1].encode())
            for first in range(0, len(self), ROWS_AT_ONCE):
                values = self.rows[column].iloc[first : first + ROWS_AT_ONCE]
                digest.update(f", {json.dumps([*map(str, values)])[1:-1]}".encode())
            digest.update(b"]")
        return digest.hexdigest()


def fold_names(folds: Iterable[str]) -> list[str]:
    """Return the names of the folds that occur, sorted so that 10 comes after 9.

    >>> fold_names(["10", "9", "", "9"])
    ['9', '10']
    """
    return sorted(set(folds) - {""}, key=lambda name: (len(name), name))


def _known(seconds: float) -> float | None:
    return None if np.isnan(seconds) else seconds
