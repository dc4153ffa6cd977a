"""Centered rows in outline: few and short numbers, with which candidates are found quickly.

A row less its background, divided so that its product with a unit vector is a similarity, is
projected to the principal axes of such rows and rounded to a byte an axis. A million rows are 128
MB, which are read in a tenth of the time of their vectors.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.lance_tables import vector_batches

if TYPE_CHECKING:
    import lancedb

    from soundalike.archive.window_archive import WindowArchive

N_AXES = 128
MOST_FITTED = 20_000
LARGEST = 127
ROWS_AT_ONCE = 2048  # a megabyte of floats, which stays in the cache


@dataclass(frozen=True)
class Outline:
    """The outline of the rows of an archive.

    Args:
        ids: of the rows, in increasing order.
        numbers: of the rows, for each axis; zeros for a row that has been added since.
        axes: the principal axes, times the size of a step of their numbers.

    Shape:
        ids: [rows]; numbers: int8 [rows, axes]; axes: [dim, axes].
    """

    ids: NDArray[np.int64]
    numbers: NDArray[np.int8]
    axes: NDArray[np.float32]

    @classmethod
    def of(cls, archive: "WindowArchive", backgrounds: Backgrounds) -> "Outline":
        """Return the outline of the rows that have been there when backgrounds were computed.

        Raises:
            ArchiveError: the archive is damaged.
        """
        ids = backgrounds.ids
        axes = principal_axes(_sample(archive, backgrounds))
        step = axes / np.maximum(np.square(axes).sum(axis=0), 1e-12)
        numbers = np.zeros((len(ids), axes.shape[1]), np.int8)

        def fill(table: "lancedb.table.Table") -> None:
            for row_ids, vectors in vector_batches(table):
                centered = backgrounds.centered(row_ids, vectors.astype(np.float32, copy=False))
                rounded = np.clip(np.rint(centered @ step), -LARGEST, LARGEST).astype(np.int8)
                positions = np.minimum(np.searchsorted(ids, row_ids), len(ids) - 1)
                is_known = ids[positions] == row_ids
                numbers[positions[is_known]] = rounded[is_known]

        archive.read(fill)
        return cls(ids, numbers, axes)

    def fits(self, dim: int) -> bool:
        """Return whether the arrays fit each other and vectors of this size."""
        n_rows, n_axes = self.numbers.shape
        is_sorted = bool((self.ids[1:] > self.ids[:-1]).all())
        return self.ids.shape == (n_rows,) and self.axes.shape == (dim, n_axes) and is_sorted

    def estimates(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return about how similar every row is to a vector.

        Shape:
            vector: [dim]; result: [rows].
        """
        unit = np.asarray(vector, np.float32) / max(float(np.linalg.norm(vector)), 1e-12)
        weights = unit @ self.axes
        result = np.empty(len(self.ids), np.float32)
        for first in range(0, len(result), ROWS_AT_ONCE):
            block = slice(first, first + ROWS_AT_ONCE)
            result[block] = self.numbers[block].astype(np.float32) @ weights
        return result


def principal_axes(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the principal axes of rows, each so long that its largest projection is 127 steps.

    Shape:
        rows: [n, dim]; result: [dim, at most 128].
    """
    _, axes = np.linalg.eigh(rows.T @ rows)
    axes = axes[:, ::-1][:, :N_AXES]
    largest = np.abs(rows @ axes).max(axis=0, initial=0.0)
    return (axes * largest / LARGEST).astype(np.float32)


def _sample(archive: "WindowArchive", backgrounds: Backgrounds) -> NDArray[np.float32]:
    """Return at most 20,000 centered rows: [n, dim]."""
    every = len(backgrounds.ids) // MOST_FITTED + 1
    return backgrounds.centered(*archive.vectors(f"id % {every} = 0"))
