"""Choose the index for an archive: exact up to some number of rows, approximate above."""

from soundalike.archive.approximate_index import ApproximateIndex
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.lance_index import LanceIndex, has_index
from soundalike.archive.neighbors import Index
from soundalike.archive.outline_index import OutlineIndex
from soundalike.archive.scan_index import ScanIndex
from soundalike.archive.window_archive import WindowArchive

EXACT_ROWS = 300_000  # up to here, a product with all vectors is quick


def open_index(
    archive: WindowArchive,
    where: str | None = None,
    *,
    exact: bool = False,
    backgrounds: Backgrounds | None = None,
) -> Index:
    """Return an index of the rows of an archive as it is now.

    Args:
        archive: the archive.
        where: condition in SQL; the index holds only the rows that meet it.
        exact: If true, the index is exact, however many rows there are.
        backgrounds: If not None, they are subtracted from the rows.

    Raises:
        ArchiveError: the archive is damaged, or the condition is no SQL.
    """
    if archive.count(where) <= EXACT_ROWS:
        return ExactIndex(*archive.vectors(where), backgrounds)
    if exact or not archive.read(has_index):
        return ScanIndex(archive, where, backgrounds)
    few = OutlineIndex(archive, backgrounds, where) if backgrounds else LanceIndex(archive, where)
    return ApproximateIndex(few, archive, where, backgrounds)
