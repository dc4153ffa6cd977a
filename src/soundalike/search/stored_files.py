"""Files that an archive holds."""

from typing import TYPE_CHECKING

from soundalike.archive.lance_tables import quoted
from soundalike.runtime.file_stamp import file_stamp
from soundalike.search.archive_paths import path_in
from soundalike.search.queries import FileQuery

if TYPE_CHECKING:
    from soundalike.search.archive import Archive


def rows_of_file(archive: "Archive", query: FileQuery) -> str:
    """Return the condition in SQL of the rows of a file."""
    return f"path = {quoted(path_in(archive.head.root, query.path))}"


def rows_of_unchanged_file(archive: "Archive", query: FileQuery) -> str | None:
    """Return the condition of the rows of a whole file; None unless it is in the archive as is."""
    if query.start_s is not None:
        return None
    where = rows_of_file(archive, query)
    records = archive.clips(where)
    if len(records) != 1 or not records[["start_s", "end_s"]].isna().all(axis=None):
        return None
    record = records.iloc[0]
    if (record["size"], record["mtime_ns"]) != file_stamp(query.path):
        return None
    return f"{where} AND recording = {quoted(record['recording'])}"
