"""Merge the shards of a source into one archive; an interrupted merge resumes."""

import dataclasses
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundalike.archive.copying import copy_clips
from soundalike.archive.head import MODEL, ArchiveError, Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.counts import counted
from soundalike.runtime.progress import progress_bar
from soundalike.search.fill import build_index, store_arrays
from soundalike.search.shards import finished_shards

DIFFERENCES = {
    "windows": "windows of another length or hop",  # first: they are part of the model
    "model": "vectors of another model",
    "half": "vectors in another precision",
}


@dataclass(frozen=True)
class MergeResult:
    """What was merged.

    Args:
        n_shards: shards that were read.
        n_clips: clips that were added to the archive.
        n_windows: their windows, a row each.
        n_known: clips that were in the archive already.
        n_rows: rows that the archive has now.
        n_problems: clips that no shard could read.
        problems: the CSV file that lists them, if there are any.
        root: folder that the paths in the archive are relative to; "" if they are whole.
    """

    n_shards: int
    n_clips: int
    n_windows: int
    n_known: int
    n_rows: int
    n_problems: int
    problems: str | None
    root: str


def merge(shards: Path, out: Path, *, tables: str = "", progress: bool = True) -> MergeResult:
    """Copy the rows of all shards of a source into one archive.

    Clips that are there already are not copied again. A merge that is killed loses the shard that
    it was copying, and starts again with that one. The shards stay.

    Args:
        shards: folder of the shards.
        out: the archive; it is created if there is none.
        tables: address in object storage for the tables of a new archive; "": they are in `out`.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        ArchiveError: a shard is missing, unfinished, damaged, or does not fit the others or the
            archive.
        InUseError: another run is writing to the archive.
        OSError: a file cannot be written.
    """
    parts = [WindowArchive.open(path) for path in finished_shards(shards)]
    first = parts[0]
    _require_alike(first.head, parts)
    _note_other_roots(first, parts)
    archive = WindowArchive.create(
        out,
        dataclasses.replace(first.head, tables=tables),
        lambda folder: _copy_files(first.path / MODEL, folder),
    )
    _require_alike(first.head, [archive])
    with archive.writer() as writer:
        records, n_rows_before, n_new, n_all = archive.clips(), writer.next_id, 0, 0
        for part in progress_bar(parts, name="merge", unit="shards", is_shown=progress):
            n_all += int(part.clips()["is_complete"].sum())
            new = copy_clips(part, records, writer)
            n_new += len(new)
            records = pd.concat([records, new]) if len(new) else records
        n_problems, problems = _join_problems(parts, archive.path)
        if n_new:
            writer.compact()
        archive.refresh()
        build_index(archive, writer, progress)
    store_arrays(archive)
    return MergeResult(
        n_shards=len(parts),
        n_clips=n_new,
        n_windows=writer.next_id - n_rows_before,
        n_known=n_all - n_new,
        n_rows=len(archive),
        n_problems=n_problems,
        problems=problems,
        root=archive.head.root,
    )


def _require_alike(head: Head, archives: list[WindowArchive]) -> None:
    for archive in archives:
        for name, words in DIFFERENCES.items():
            if getattr(archive.head, name) != getattr(head, name):
                raise ArchiveError(
                    f"{archive.path}: has {words} than the first shard, so they cannot be merged: "
                    "embed it again in a new folder, with the options of the others."
                )


def _copy_files(source: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for path in source.iterdir():
        with atomic_write(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)


def _note_other_roots(first: WindowArchive, parts: list[WindowArchive]) -> None:
    n_others = sum(part.head.root != first.head.root for part in parts)
    if n_others:
        print(
            f"{counted(n_others, 'shard')} had the sounds in another folder than "
            f"{first.head.root}, where the archive expects them (change that with `soundalike "
            "embed SOURCE --out ARCHIVE --root FOLDER`)",
            file=sys.stderr,
        )


def _join_problems(parts: list[WindowArchive], out: Path) -> tuple[int, str | None]:
    """List the clips that the shards skipped beside the archive."""
    lists = [part.path.with_name(f"{part.path.name}.problems.csv") for part in parts]
    tables = [pd.read_csv(path, keep_default_na=False) for path in lists if path.is_file()]
    path = out.with_name(f"{out.name}.problems.csv")
    if not tables:
        path.unlink(missing_ok=True)  # of an earlier merge
        return 0, None
    table = pd.concat(tables, ignore_index=True)
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False)
    return len(table), str(path)
