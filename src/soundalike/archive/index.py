"""Choose the index for an archive: exact up to some number of rows, approximate above."""

from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.lance_index import LanceIndex, has_index
from soundalike.archive.neighbors import Index
from soundalike.archive.window_archive import WindowArchive

EXACT_ROWS = 300_000  # up to here, a product with all vectors is quick


def open_index(archive: WindowArchive, where: str | None = None, *, exact: bool = False) -> Index:
    """Return an index of the rows of an archive as it is now.

    Args:
        archive: the archive.
        where: condition in SQL; the index holds only the rows that meet it.
        exact: If true, the index is exact, however many rows there are.

    Raises:
        ArchiveError: the archive is damaged, or the condition is no SQL.
    """
    rows = archive.row_table
    if exact or rows is None or archive.count(where) <= EXACT_ROWS or not has_index(rows):
        return ExactIndex(*archive.vectors(where))
    return LanceIndex(archive.path, rows, where)
