"""The backgrounds of long recordings: mean vectors of stretches of them.

In a long recording, wind, rain or traffic fill most of a window and decide its vector. What differs
from window to window is what happens in it. So windows of long recordings are compared by their
differences from the mean of the stretch that they are in. A sound without a stretch of its own is
compared by its difference from the mean of all stretches, so that it fits the others.

Stretches of 15 s to a minute found more events in noise than longer ones (docs/results.md).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.lance_tables import vector_batches
from soundalike.archive.vector_lengths import lengths_of

if TYPE_CHECKING:
    import lancedb

    from soundalike.archive.window_archive import WindowArchive

STRETCH_S = 60.0
LONG_S = 30.0  # no event lasts longer, so a longer recording has a background
FEWEST_ROWS = 15  # of a stretch; of fewer, an event would be a large part of the mean
NOTHING = 1e-4  # of a vector that is the background of its recording, this share is rounding


@dataclass(frozen=True)
class Backgrounds:
    """The stretch that each row of an archive is in, and the mean vector of each stretch.

    Args:
        ids: of all rows, in increasing order.
        stretches: of the rows; -1 for a row that is in none, like one of a short clip.
        means: of the stretches; at the end, at -1, the mean of them all.
        spreads: how far the vectors of each stretch are from its mean, as a root mean square; at
            the end that of all stretches.
        norms: of the rows, what a product with a centered row is divided by to be a similarity;
            infinite for a row that is like nothing, or is its background.

    Shape:
        ids, stretches, norms: [rows]; means: [stretches + 1, dim]; spreads: [stretches + 1].
    """

    ids: NDArray[np.int64]
    stretches: NDArray[np.int64]
    means: NDArray[np.float32]
    spreads: NDArray[np.float32]
    norms: NDArray[np.float32]

    @classmethod
    def of(cls, archive: "WindowArchive") -> "Backgrounds":
        """Return the backgrounds of the rows of an archive.

        Raises:
            ArchiveError: the archive is damaged.
        """
        rows = archive.rows(columns=["id", "path", "start_s", "duration_s"])
        ids, stretches = rows["id"].to_numpy(np.int64), stretches_of(rows)
        n_stretches = int(stretches.max(initial=-1)) + 1
        sums, squares = np.zeros((n_stretches + 1, archive.head.dim)), np.zeros(n_stretches + 1)
        norms, order = np.empty(len(ids) + 1, np.float32), np.arange(len(ids))

        def add_all(table: "lancedb.table.Table") -> None:
            sums[:], squares[:] = 0.0, 0.0  # of an attempt that failed
            for row_ids, vectors in vector_batches(table):
                of_batch = _at(ids, stretches, row_ids)
                add_runs(sums, of_batch, vectors)
                np.add.at(squares, of_batch, np.square(vectors, dtype=np.float64).sum(axis=1))

        def measure_all(table: "lancedb.table.Table") -> None:
            for row_ids, vectors in vector_batches(table):
                positions = _at(ids, order, row_ids)  # -1, the end, for a new row
                of_batch = _at(ids, stretches, row_ids)
                norms[positions] = centered_norms(vectors, of_batch, means, spreads)

        if n_stretches:
            archive.read(add_all)
        counts = np.bincount(stretches[stretches >= 0], minlength=n_stretches)
        centers, squares = sums[:-1] / counts[:, np.newaxis], squares[:-1] / counts
        variances = np.maximum(squares - np.square(centers).sum(axis=1), 0.0)
        if n_stretches:
            centers = np.append(centers, centers.mean(axis=0, keepdims=True), axis=0)
            variances = np.append(variances, variances.mean())
        means, spreads = centers.astype(np.float32), np.sqrt(variances).astype(np.float32)
        if n_stretches:
            archive.read(measure_all)
        return cls(ids, stretches, means, spreads, norms[:-1])

    def __len__(self) -> int:
        """Return the number of stretches."""
        return max(0, len(self.means) - 1)

    def fits(self, dim: int) -> bool:
        """Return whether the arrays fit each other and vectors of this size."""
        n_rows, n_stretches = len(self.ids), len(self)
        return bool(
            self.ids.shape == self.stretches.shape == self.norms.shape == (n_rows,)
            and self.means.shape == (n_stretches + 1, dim)
            and self.spreads.shape == (n_stretches + 1,)
            and self.stretches.max(initial=-1) < n_stretches
            and (self.ids[1:] > self.ids[:-1]).all()
        )

    def centered(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows less their backgrounds, whose products with a unit vector are similarities.

        Shape:
            ids: [rows]; vectors, result: [rows, dim].
        """
        differences = vectors - self.means[self.of_rows(ids)]
        return differences / self.norms_of_rows(ids, vectors)[:, np.newaxis]

    def of_rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the stretch of each of some rows, -1 for a row without one or a new row.

        Shape:
            ids, result: [rows].
        """
        return _at(self.ids, self.stretches, ids)

    def norms_of_rows(
        self, ids: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the norm of each of some rows; that of a new row is computed.

        Shape:
            ids, result: [rows]; vectors: [rows, dim].
        """
        result = _at(self.ids, self.norms, ids).astype(np.float32)
        is_new = result < 0
        none = np.full(int(is_new.sum()), -1)
        result[is_new] = centered_norms(vectors[is_new], none, self.means, self.spreads)
        return result


def centered_norms(
    vectors: NDArray[np.floating],
    stretches: NDArray[np.int64],
    means: NDArray[np.float32],
    spreads: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return what products with centered vectors are divided by; see `Backgrounds`.

    Shape:
        vectors: [rows, dim]; stretches, result: [rows]; means: [stretches + 1, dim];
        spreads: [stretches + 1].
    """
    distances = lengths_of(vectors - means[stretches])
    least = np.maximum(NOTHING * lengths_of(vectors), 1e-12)
    norms = np.hypot(distances, spreads[stretches])
    return np.where(distances > least, norms, np.float32(np.inf)).astype(np.float32)


def _at(ids: NDArray[np.int64], values: NDArray[Any], wanted: NDArray[np.int64]) -> NDArray[Any]:
    """Look values up by the ids of their rows, which are in increasing order; -1 for other ids."""
    if not len(ids):
        return np.full(len(wanted), -1)
    positions = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[positions] == wanted, values[positions], -1)


def stretches_of(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Number the stretches of the recordings of rows; -1 for rows that are in none.

    Stretches are `STRETCH_S` long. A rest that is shorter than half of that belongs to the stretch
    before it.

    Args:
        rows: their path, start_s and duration_s, the length of their clip.

    Shape:
        result: [rows].
    """
    is_long = rows["duration_s"].to_numpy() >= LONG_S
    long = rows[is_long]
    starts_s = long.groupby("path", sort=False)["start_s"]
    offset_s = long["start_s"] - starts_s.transform("min")
    n_stretches = (starts_s.transform("max") - starts_s.transform("min")) / STRETCH_S
    last = np.maximum(1, n_stretches.round()) - 1
    number = np.minimum(offset_s // STRETCH_S, last)
    stretch = long.assign(number=number).groupby(["path", "number"], sort=False).ngroup().to_numpy()
    is_large = np.bincount(stretch) >= FEWEST_ROWS
    renumbered = np.where(is_large, np.cumsum(is_large) - 1, -1)
    result = np.full(len(rows), -1)
    result[is_long] = renumbered[stretch]
    return result


def add_runs(sums: NDArray[np.float64], groups: NDArray[np.int64], vectors: NDArray[Any]) -> None:
    """Add vectors to the sums of their groups, quickly where neighbors are in the same group.

    Shape:
        sums: [groups, dim]; groups: [vectors]; vectors: [vectors, dim].
    """
    if len(groups):
        firsts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
        runs = np.add.reduceat(vectors, firsts, axis=0, dtype=np.float64)
        np.add.at(sums, groups[firsts], runs)
