"""Sounds to a file of embeddings, one row for every window or every clip."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.clips import ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.output_file import claimed_file
from soundalike.embedding.row_files import ROW_FILES
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import (
    WindowEmbeddings,
    encode_windows,
    joined,
    means_by_clip,
)

ROWS_PER_TABLE = 256


@dataclass(frozen=True)
class EmbedResult:
    """What `embed` wrote.

    Args:
        n_clips: clips that were embedded.
        n_windows: their windows.
        n_uncut: clips that are one window each.
        n_rows: rows that were written, one for each window or clip.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
        root: folder that the paths in the rows are relative to; "" if they are whole.
    """

    n_clips: int
    n_windows: int
    n_uncut: int
    n_rows: int
    n_problems: int
    problems: str | None
    root: str


def embed(
    model: SoundEncoder,
    clips: ClipTable,
    out: Path,
    *,
    per_clip: bool = False,
    batch_size: int = 64,
    strict: bool = False,
    progress: bool = True,
) -> EmbedResult:
    """Write the embeddings of all clips' windows, or of all clips, to a file.

    The suffix of the file says what it is: `soundalike.embedding.row_files`. Its columns are:

    path: relative to `clips.root`.
    start_s, end_s: of the window, or the clip, in seconds in the sound file. No row ends after it.
    label, split: of the clip; "" if unknown.
    duration_s: length of the clip in seconds.
    vector: the embedding; that of a clip is the mean over its windows.

    The clips are cut as `model.windows` says. Broken clips are skipped and listed beside the file.
    Of one that breaks after its first windows, as its file may change meanwhile, some may stay.

    Args:
        model: from sounds to embeddings.
        clips: the clips to embed.
        out: a .parquet, .csv or .npy file; replaced only when all rows are written.
        per_clip: If true, every clip has a row instead of every window.
        batch_size: windows that go through the encoder at a time.
        strict: If true, a broken clip is an error.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        SourceError: `out` is a folder, or has another suffix.
        InUseError: another run is writing `out`.
        BrokenClipsError: every clip is broken, or one is and `strict` is set.
        OSError: a file cannot be written.
    """
    with claimed_file(out, ROW_FILES):
        reader = ClipReader(model.front_end, clips, strict=strict, name="embed", progress=progress)
        batches = _Counted(encode_windows(model, reader, batch_size, report=reader.report))
        rows = _clip_rows(reader, batches) if per_clip else _window_rows(reader, batches)
        n_rows = 0
        with reader, ROW_FILES[out.suffix.lower()](out, model.dim, clips.root) as add:
            for columns, vectors in rows:
                add(columns, vectors)
                n_rows += len(vectors)
            for clip in reader.broken:  # some after their first windows
                batches.n_windows.pop(clip, None)
            reader.require_some(len(batches.n_windows))
        problems = reader.write_problems(out)
    return EmbedResult(
        n_clips=len(batches.n_windows),
        n_windows=batches.n_windows.total(),
        n_uncut=sum(n == 1 for n in batches.n_windows.values()),
        n_rows=n_rows,
        n_problems=len(reader.problems),
        problems=problems,
        root=clips.root,
    )


class _Counted:
    """Batches of windows, which are counted on the way."""

    def __init__(self, batches: Iterable[WindowEmbeddings]) -> None:
        self.batches = batches
        self.n_windows = Counter[int]()  # of each clip

    def __iter__(self) -> Iterator[WindowEmbeddings]:
        for batch in self.batches:
            self.n_windows.update(batch.clips.tolist())
            yield batch


Rows = Iterator[tuple[pd.DataFrame, NDArray[np.float32]]]


def _window_rows(reader: ClipReader, batches: Iterable[WindowEmbeddings]) -> Rows:
    for batch in joined(batches, ROWS_PER_TABLE):
        times = reader.times(batch.clips, batch.starts, batch.n_frames)
        is_whole = ~np.isin(batch.clips, list(reader.broken))
        yield row_columns(reader, batch.clips, *times)[is_whole], batch.vectors[is_whole]


def _clip_rows(reader: ClipReader, batches: Iterable[WindowEmbeddings]) -> Rows:
    for clips, means in means_by_clip(batches, ROWS_PER_TABLE):
        is_whole = ~np.isin(clips, list(reader.broken))
        yield row_columns(reader, clips, *reader.whole(clips))[is_whole], means[is_whole]


def row_columns(
    reader: ClipReader,
    clips: NDArray[np.int64],
    start_s: NDArray[np.float64],
    end_s: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the columns of rows, without vectors: of clips, and where they start and end."""
    first_s, last_s = reader.whole(clips)
    return pd.DataFrame(
        {
            "path": reader.relative_paths[clips],
            "start_s": start_s,
            "end_s": end_s,
            "label": reader.labels[clips],
            "split": reader.splits[clips],
            "duration_s": last_s - first_s,
        }
    )
