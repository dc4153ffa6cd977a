"""Rows and vectors of one moment, while another process embeds.

A writer deletes the versions of the tables before its own. A reader whose version is gone reads the
latest one from then on, in which rows may have been replaced.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.head import ArchiveError

if TYPE_CHECKING:
    from soundalike.archive.window_archive import WindowArchive


def rows_with_vectors(
    archive: "WindowArchive", where: str | None = None
) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Return rows as `WindowArchive.rows` does, and their vectors.

    Args:
        archive: the archive.
        where: condition in SQL that rows meet.

    Shape:
        vectors: [rows, dim].

    Raises:
        ArchiveError: the archive is damaged.
    """
    while True:  # again if the version of the rows was gone when their vectors were read
        rows, (ids, vectors) = archive.rows(where=where), archive.vectors(where)
        if np.array_equal(rows["id"], ids):
            return rows, vectors


def vectors_of(archive: "WindowArchive", rows: pd.DataFrame) -> NDArray[np.float32]:
    """Return the vectors of rows that were read earlier.

    Args:
        archive: the archive.
        rows: with their ids, in increasing order.

    Shape:
        result: [rows, dim].

    Raises:
        ArchiveError: some rows have been replaced since, or the archive is damaged.
    """
    ids, vectors = archive.vectors()
    if np.array_equal(ids, rows["id"]):
        return vectors
    is_wanted = np.isin(ids, rows["id"])
    if is_wanted.sum() < len(rows):
        raise ArchiveError(
            f"{archive.path}: sounds have been embedded again since it was opened: open it again."
        )
    return vectors[is_wanted]
