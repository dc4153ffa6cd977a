"""The rows of an archive as a file that other programs read."""

from dataclasses import dataclass
from pathlib import Path

from soundalike.archive.lance_tables import ROW_COLUMNS
from soundalike.archive.one_moment import rows_with_vectors
from soundalike.archive.window_archive import WindowArchive
from soundalike.embedding.output_file import claimed_file
from soundalike.embedding.row_files import ROW_FILES

ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class ExportResult:
    """What `export` wrote.

    Args:
        n_rows: number of rows.
        root: folder that the paths in the rows are relative to; "" if they are whole.
    """

    n_rows: int
    root: str


def export(archive: WindowArchive, out: Path) -> ExportResult:
    """Write all rows of an archive with their vectors to a file.

    Args:
        archive: the archive.
        out: a .parquet, .csv or .npy file, as `soundalike.embedding.row_files` describes them, with
            the columns of `WindowArchive.rows`.

    Raises:
        SourceError: `out` is a folder, or has another suffix.
        InUseError: another run is writing `out`.
        OSError: a file cannot be written.
    """
    with claimed_file(out, ROW_FILES):
        rows, vectors = rows_with_vectors(archive)
        with ROW_FILES[out.suffix.lower()](out, archive.head.dim, archive.head.root) as add:
            for first in range(0, max(len(rows), 1), ROWS_AT_ONCE):
                part = slice(first, first + ROWS_AT_ONCE)
                add(rows[list(ROW_COLUMNS)].iloc[part], vectors[part])
    return ExportResult(len(rows), archive.head.root)
