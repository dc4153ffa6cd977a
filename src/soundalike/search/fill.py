"""Embed the clips of a source into an archive, in parts: an interrupted run resumes."""

import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.index import EXACT_ROWS
from soundalike.archive.lance_index import has_index
from soundalike.archive.outline_index import outline_of
from soundalike.archive.stored_backgrounds import backgrounds_of
from soundalike.archive.variation import variation_of
from soundalike.archive.window_archive import WindowArchive
from soundalike.archive.writer import Writer
from soundalike.datasets.clips import ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.embed import row_columns
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows, joined
from soundalike.runtime.counts import counted, format_duration
from soundalike.runtime.parts import cut_by_size
from soundalike.search.new_clips import Comparison, compare
from soundalike.search.watched_clips import WatchedClips

# A part is this many clips, or fewer if their files are large. A clip with a larger file is several
# parts of this many rows. A run that is killed loses one part.
CLIPS_PER_PART, BYTES_PER_PART = 256, 64 * 2**20
ROWS_PER_ADD = 4096  # held in memory
SECONDS_PER_ROW = 100e-6  # to build an index, on two cores


@dataclass(frozen=True)
class FillResult:
    """What was added to an archive.

    Args:
        n_clips: clips that were embedded.
        n_windows: their windows, a row each.
        n_known: clips that were in the archive already.
        n_rows: rows that the archive has now.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
        root: folder that the paths in the archive are relative to; "" if they are whole.
    """

    n_clips: int
    n_windows: int
    n_known: int
    n_rows: int
    n_problems: int
    problems: str | None
    root: str


def fill(
    archive: WindowArchive,
    model: SoundEncoder,
    clips: ClipTable,
    *,
    batch_size: int = 64,
    strict: bool = False,
    may_be_empty: bool = False,
    progress: bool = True,
) -> FillResult:
    """Add the clips of a source that an archive lacks.

    A clip whose file has changed is embedded again, and its old rows are deleted. One whose label
    or split has changed gets the new one. Rows of files that are gone stay. Broken clips, and those
    whose files change while they are read, are skipped and listed beside the archive.

    Args:
        archive: the archive; its windows and its model are those of `model`.
        model: from sounds to vectors.
        clips: the clips.
        batch_size: windows that go through the encoder at a time.
        strict: If true, a broken clip is an error.
        may_be_empty: If true, it is no error that no clip can be read, or that there is none: the
            clips are a share of a source.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        InUseError: another run is writing to the archive.
        BrokenClipsError: a clip is broken and `strict` is set, or every clip is broken and
            `may_be_empty` is not set.
        ArchiveError: the archive is damaged.
        OSError: a file cannot be written.
    """
    with archive.writer() as writer:
        source = compare(clips, archive.clips(), archive.head.root)
        known = source.records[source.is_changed & ~source.is_new]
        writer.relabel(source.records[source.is_relabeled])
        writer.finish(known.assign(is_complete=True))
        new = _new_clips(source, clips)
        reader = ClipReader(model.front_end, new, strict=strict, name="embed", progress=progress)
        n_clips = 0
        sounds = iter(reader)
        records = source.records[source.is_new].reset_index(drop=True)
        with reader:
            for part in cut_by_size(records["size"].tolist(), CLIPS_PER_PART, BYTES_PER_PART):
                positions = np.array(part)
                n_clips += _add_part(writer, reader, sounds, model, records, positions, batch_size)
            for _ in sounds:  # the problems of a source without new clips
                pass
        if not may_be_empty and not n_clips and not source.records["recording"].any():
            reader.require_some(n_clips)
        problems = reader.write_problems(archive.path)
        if n_clips or len(known):
            writer.compact()
        archive.refresh()
        build_index(archive, writer, progress)
    store_arrays(archive)
    return FillResult(
        n_clips=n_clips,
        n_windows=writer.n_added,
        n_known=int((~source.is_new).sum()),
        n_rows=len(archive),
        n_problems=len(reader.problems),
        problems=problems,
        root=archive.head.root,
    )


def store_arrays(archive: WindowArchive) -> None:
    """Store what a first search in a large archive would have to compute from all rows."""
    if len(archive) > EXACT_ROWS and (backgrounds := backgrounds_of(archive)):
        outline_of(archive, backgrounds)
        variation_of(archive, backgrounds)


def build_index(archive: WindowArchive, writer: Writer, progress: bool) -> None:
    """Build the approximate index of a large archive if there is none, and say how long it takes.

    Args:
        archive: the archive.
        writer: its writer.
        progress: If true, a line on standard error says so.
    """
    if len(archive) <= EXACT_ROWS:
        return
    if progress and archive.row_table and not has_index(archive.row_table):
        rows = counted(len(archive), "row")
        time = format_duration(SECONDS_PER_ROW * len(archive))
        print(f"{archive.path}: indexes {rows} in about {time}", file=sys.stderr)
    writer.build_index()


def _new_clips(source: Comparison, clips: ClipTable) -> ClipTable:
    """Return the clips that the archive lacks, with all that is to be said about the source."""
    new = source.clips.where(source.is_new)
    return dataclasses.replace(new, problems=clips.problems, notes=clips.notes)


def _add_part(
    writer: Writer,
    reader: ClipReader,
    sounds: Iterator[Iterator[np.ndarray]],
    model: SoundEncoder,
    records: pd.DataFrame,
    part: NDArray[np.int64],
    batch_size: int,
) -> int:
    """Add the rows of a part, then the records of its clips; return how many were read."""
    clips = WatchedClips(reader, sounds, part, records.iloc[part])
    n_new = np.zeros(len(part), np.int64)
    added: list[pd.Series] = []  # since the last record, by id: positions of their clips

    def record(is_complete: bool) -> int:
        recent = pd.concat([pd.Series(dtype=np.int64), *added])
        writer.take_back(recent.index[recent.isin(reader.broken)].to_numpy())
        added.clear()
        finished = clips.finished(n_new)
        writer.finish(finished.assign(is_complete=is_complete))
        return len(finished)

    windows = encode_windows(
        model, clips, batch_size, clips.n_begun, lambda n: reader.report(int(part[0]) + n)
    )
    for batch in joined(windows, ROWS_PER_ADD):
        positions = part[batch.clips]
        n_new += np.bincount(batch.clips, minlength=len(part))
        times = reader.times(positions, batch.starts, batch.n_frames)
        table = row_columns(reader, positions, *times)
        table["recording"] = clips.recordings(batch.clips)
        table["peak_db"] = reader.peak_db(positions, *times)
        is_whole = ~np.isin(positions, list(reader.broken))
        ids = writer.next_id + np.arange(is_whole.sum())
        writer.add(table[is_whole], batch.vectors[is_whole])
        added.append(pd.Series(positions[is_whole], index=ids))
        if len(part) == 1 and len(positions) >= ROWS_PER_ADD and clips.are_unchanged():
            record(is_complete=False)
    reader.forget(part)
    return record(is_complete=True)
