"""The UMAP of an archive, stored in it: ``umap.npz``.

A row is known by its recording, its times and the model, which determine its vector: the number of
a row can be another row's after an interrupted run. Rows that are added later are placed among the
fitted ones. Once they are more than a tenth of all, the map is computed anew.

version    of this format, and of how maps are made
model      fingerprint of the model
keys       uint64 [rows], in increasing order: see `row_keys`
points     float32 [rows, 2], from -1 to 1
kinds      uint8 [rows]: fitted, placed with the fit, or added later
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.stored_arrays import write_arrays
from soundalike.explore import umap_map
from soundalike.search.archive import Archive

FILE = "umap.npz"
VERSION = 2
KEY_COLUMNS = ["recording", "start_s", "end_s"]
FITTED, PLACED, ADDED = range(3)
MOST_ADDED = 0.1


@dataclass(frozen=True)
class StoredMap:
    """A map of rows.

    Shape:
        keys: [rows], different, in increasing order; points: [rows, 2]; kinds: [rows].
    """

    keys: NDArray[np.uint64]
    points: NDArray[np.float32]
    kinds: NDArray[np.uint8]

    def find(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the positions of rows on the map, and whether it has them.

        Shape:
            keys, results: [rows].
        """
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        positions = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return positions, self.keys[positions] == keys


def row_keys(rows: pd.DataFrame) -> NDArray[np.uint64]:
    """Return numbers that tell the rows of a model apart: the same in every process.

    Rows with the same key have the same vector.

    Args:
        rows: with the columns of `KEY_COLUMNS`.
    """
    return pd.util.hash_pandas_object(rows[KEY_COLUMNS], index=False).to_numpy(np.uint64)


def read_points(archive: Archive, rows: pd.DataFrame) -> NDArray[np.float32] | None:
    """Return the points of rows on the stored map of an archive; None if it lacks some of them.

    Shape:
        result: [rows, 2].
    """
    stored = read(archive)
    if stored is None:
        return None
    positions, has_row = stored.find(row_keys(rows))
    return stored.points[positions] if has_row.all() else None


def update(archive: Archive) -> None:
    """Bring the stored map of an archive up to date with its rows.

    Raises:
        MapError: there can be no map.
        ArchiveError: the archive is damaged.
        InUseError: another process is writing the map.
        OSError: the map cannot be written.
    """
    rows = archive.rows(columns=["id", *KEY_COLUMNS])
    stored = read(archive)
    if stored is not None and stored.find(row_keys(rows))[1].all():
        return
    keys, vectors = _different_rows(rows, *archive.vectors())
    new = extend(stored, keys, vectors) if stored and len(stored.keys) else None
    write(archive, new or compute(keys, vectors))


def _different_rows(
    rows: pd.DataFrame, ids: NDArray[np.int64], vectors: NDArray[np.float32]
) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Return the keys and the vectors of rows, without copies of rows.

    Shape:
        ids: [n]; vectors: [n, dim]; results: [different rows], [different rows, dim].
    """
    rows = rows[rows["id"].isin(ids)]  # rows may have come or gone in between
    keys = row_keys(rows)
    is_first = ~pd.Index(keys).duplicated()
    is_used = np.isin(ids, rows["id"][is_first])
    return keys[is_first], vectors if is_used.all() else vectors[is_used]


def compute(keys: NDArray[np.uint64], vectors: NDArray[np.float32]) -> StoredMap:
    """Return a new map of rows.

    Raises:
        MapError: see `umap_map.fit`.
    """
    fitted = umap_map.fitted_rows(len(vectors))
    kinds = np.full(len(vectors), PLACED, np.uint8)
    kinds[fitted] = FITTED
    others = np.flatnonzero(kinds == PLACED)
    points = np.empty((len(vectors), 2), np.float32)
    points[fitted] = umap_map.fit(vectors[fitted])
    if len(others):
        points[others] = umap_map.place(vectors, others, fitted, points[fitted])
    return _in_order(keys, points, kinds)


def extend(
    stored: StoredMap, keys: NDArray[np.uint64], vectors: NDArray[np.float32]
) -> StoredMap | None:
    """Return a map with the rows that it lacks, and without those that are gone.

    Returns:
        The map; None if too many rows have been added since it was fitted.
    """
    positions, has_row = stored.find(keys)
    points, kinds = stored.points[positions], stored.kinds[positions]
    kinds[~has_row] = ADDED
    fitted, new = np.flatnonzero(kinds == FITTED), np.flatnonzero(~has_row)
    if not len(fitted) or (kinds == ADDED).mean() > MOST_ADDED:
        return None
    points[new] = umap_map.place(vectors, new, fitted, points[fitted])
    return _in_order(keys, points, kinds)


def _in_order(
    keys: NDArray[np.uint64], points: NDArray[np.float32], kinds: NDArray[np.uint8]
) -> StoredMap:
    order = np.argsort(keys)
    return StoredMap(keys[order], points[order], kinds[order])


def write(archive: Archive, new: StoredMap) -> None:
    """Store a map in its archive.

    Raises:
        InUseError: another process is writing it.
        OSError: it cannot be written.
    """
    write_arrays(archive, FILE, version=VERSION, **vars(new))


def read(archive: Archive) -> StoredMap | None:
    """Return the stored map of an archive; None if there is none that can be used."""
    try:
        with np.load(archive.path / FILE, allow_pickle=False) as content:
            if (int(content["version"]), str(content["model"])) != (VERSION, archive.head.model):
                return None
            stored = StoredMap(content["keys"], content["points"], content["kinds"])
    except Exception:  # whatever a damaged file causes; the map is computed anew
        return None
    n_rows = len(stored.keys)
    is_whole = (
        stored.keys.dtype == np.uint64
        and stored.keys.shape == stored.kinds.shape == (n_rows,)
        and stored.points.shape == (n_rows, 2)
        and bool((stored.keys[1:] > stored.keys[:-1]).all())
        and bool(np.isfinite(stored.points).all())
    )
    return stored if is_whole else None
