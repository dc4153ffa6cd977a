"""The neighbors of a clip, which speak for its label or against it.

A neighbor speaks for the label if it agrees with the label, rather than with the suggestion, on
most of the classes in which the two differ: of a clip called rain that may be the sea, neighbors
called rain do, and all others speak against it. What has been decided about a neighbor counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundalike.audit.labels_table import Mark
from soundalike.audit.labels_text import DROP, KEEP, RELABEL, TableError
from soundalike.datasets.labels import classes_of
from soundalike.datasets.parquet import read_parquet

EVIDENCE = "evidence.parquet"
N_NEIGHBORS = 9  # as many as there are keys with digits
CLIP = ["path", "start_s", "end_s"]
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Neighbor:
    """A clip that sounds like another one.

    Args:
        id: number of its row.
        label: its label, as decided if it has been.
        similarity: to the other clip, 1 at most.
        p_wrong: probability that its label is wrong; 0 if it has been decided.
        speaks_for: If true, it speaks for the label of the other clip.
    """

    id: int
    label: str
    similarity: float
    p_wrong: float
    speaks_for: bool


class NeighborVotes:
    """The neighbors of all clips of a table.

    Args:
        path: of ``evidence.parquet``; without it, no clip has neighbors.

    Raises:
        TableError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        names = [*CLIP, "neighbors", "similarity"]
        rows = pd.DataFrame(columns=names)
        if path.exists():
            try:
                rows = read_parquet(path, names)
            except (ValueError, OSError) as error:
                reason = str(error).partition("\n")[0]
                raise TableError(f"{path}: cannot be read ({reason}): audit again.") from None
        self._keys = _keys(rows)
        self._position = _first_of(self._keys)
        self._neighbors, self._similarities = [*rows["neighbors"]], [*rows["similarity"]]
        self._table, self._number = "", dict[Key, int]()

    def of(self, number: int, mark: Mark, rows: pd.DataFrame) -> list[Neighbor]:
        """Return the neighbors of a row, the most similar first; dropped ones do not speak.

        Args:
            number: of the row, from 0.
            mark: moment of the table.
            rows: the table at that moment.
        """
        if self._table != mark.table:
            self._table, self._number = mark.table, _first_of(_keys(rows))
        (own,) = _keys(rows.iloc[[number]])
        position = self._position.get(own)
        if position is None:
            return []
        row, best = rows.iloc[number], list[Neighbor]()
        pairs = zip(self._neighbors[position], self._similarities[position], strict=True)
        for neighbor, similarity in sorted(pairs, key=lambda pair: -pair[1]):
            other = self._number.get(self._keys[neighbor])
            if other is None or self._keys[neighbor] == own:
                continue
            label, p_wrong = current_label(rows.iloc[other])
            if label:
                agrees = speaks_for(label, row["label"], row["suggested"])
                best.append(Neighbor(other, label, float(similarity), p_wrong, agrees))
        return best[:N_NEIGHBORS]


def current_label(row: Mapping[str, Any]) -> tuple[str, float]:
    """Return the label of a row and the probability that it is wrong, after what was decided.

    The label of a dropped row is "".
    """
    if row["decision"] == DROP:
        return "", 0.0
    if row["decision"] == RELABEL:
        return str(row["new_label"] or row["suggested"]), 0.0
    return str(row["label"]), 0.0 if row["decision"] == KEEP else float(row["p_wrong"])


def speaks_for(other: str, label: str, suggested: str) -> bool:
    """Return whether a clip of a label speaks for the label of another one.

    >>> [speaks_for(other, "rain", "sea") for other in ("rain", "sea", "wind")]
    [True, False, False]
    >>> [speaks_for(other, "rain;wind", "rain") for other in ("wind", "rain;sea")]
    [True, False]
    """
    ours, theirs = set(classes_of(label)), set(classes_of(other))
    differing = ours ^ set(classes_of(suggested)) if suggested else set[str]()
    differing = differing or ours
    n_agreeing = sum((name in theirs) == (name in ours) for name in differing)
    return n_agreeing > len(differing) / 2


def _keys(rows: pd.DataFrame) -> list[Key]:
    """Return what identifies clips: path, and times to a millisecond; -1 is the end of a file."""
    milliseconds = (
        np.round(1000 * rows[name].to_numpy(float, na_value=np.nan)) for name in CLIP[1:]
    )
    starts, ends = (
        np.nan_to_num(times, nan=blank).astype(int).tolist()
        for times, blank in zip(milliseconds, (0, -1), strict=True)
    )
    return list(zip(rows["path"], starts, ends, strict=True))


def _first_of(keys: list[Key]) -> dict[Key, int]:
    """Return the first position of each key."""
    return {key: position for position, key in reversed([*enumerate(keys)])}
