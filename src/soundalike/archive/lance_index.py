"""The approximate index in LanceDB: vectors rounded to bytes, in cells (IVF_SQ).

A query is compared with the rows of the cells whose centers are nearest, then with the full vectors
of the best. Further cells follow if these have too few rows, as where a condition leaves out most.
The graph of LanceDB (IVF_HNSW_SQ) took eight times as long to build and found fewer of the nearest
rows; see docs/performance.md.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.head import ArchiveError
from soundalike.archive.lance_tables import plain_errors
from soundalike.archive.neighbors import Neighbors

if TYPE_CHECKING:
    import lancedb
    import pyarrow as pa

    from soundalike.archive.window_archive import WindowArchive

REFINE_FACTOR = 5  # times as many candidates as neighbors are compared by their full vectors


class LanceIndex:
    """Searches the index of a table of rows; rows added since are compared one by one.

    Args:
        archive: the archive.
        where: condition in SQL that rows meet.
    """

    def __init__(self, archive: "WindowArchive", where: str | None = None) -> None:
        self.archive = archive
        self.where = where

    def __len__(self) -> int:
        return self.archive.count(self.where)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k rows that are most similar, nearly always; see `Index`."""

        def read(rows: "lancedb.table.Table") -> "pa.Table":
            numbers = np.asarray(vector, np.float32)
            query: Any = rows.search(numbers, vector_column_name="vector")
            query = query.distance_type("cosine").refine_factor(REFINE_FACTOR)
            query = query.select(["id", "_distance"])
            query = query.maximum_nprobes(0)  # as many cells as it takes
            query = query.where(self.where, prefilter=True) if self.where else query
            return query.limit(k).to_arrow()

        if (table := self.archive.read(read)) is None:
            return Neighbors(np.empty(0, np.int64), np.empty(0, np.float32))
        ids, distances = table["id"].to_numpy(), table["_distance"].to_numpy()
        order = np.lexsort((ids, distances))
        return Neighbors(ids[order], 1 - distances[order])


def has_index(rows: "lancedb.table.Table") -> bool:
    """Return whether a table of rows has an index of its vectors."""
    return any("vector" in index.columns for index in rows.list_indices())


def has_torn_index(place: Path | str, rows: "lancedb.table.Table") -> bool:
    """Return whether an index of a table of rows cannot be read, as after a power cut.

    Args:
        place: where the archive has its tables.
        rows: its table of rows, whose own files can be read.
    """
    if not rows.list_indices():
        return False
    dim = rows.schema.field("vector").type.list_size
    try:
        with plain_errors(place):
            rows.count_rows("id >= 0")
            rows.search(np.ones(dim, np.float32), vector_column_name="vector").limit(1).to_arrow()
    except ArchiveError:
        return True
    return False


def drop_indexes(rows: "lancedb.table.Table") -> None:
    """Remove all indexes of a table of rows; `build_index` builds them again."""
    for index in rows.list_indices():
        rows.drop_index(index.name)


def build_index(rows: "lancedb.table.Table") -> None:
    """Build the indexes of the vectors and the ids of a table: minutes for a million rows.

    There are as many cells as rows in a cell, so that finding the cells takes no longer than
    comparing their rows.
    """
    from lancedb.index import BTree, IvfSq  # imports seconds of LanceDB

    rows.create_index("id", config=BTree())  # by which the rows of hits are looked up
    n_cells = max(1, math.isqrt(rows.count_rows()))
    rows.create_index("vector", config=IvfSq("cosine", num_partitions=n_cells))
