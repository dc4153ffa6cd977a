"""Sounds to a Parquet file, one row for every window: path, start_s, end_s, vector."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soundalike.datasets.clips import ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.output_file import claimed_file
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import WindowEmbeddings, encode_windows
from soundalike.runtime.atomic import atomic_write

ROWS_PER_GROUP = 8192  # a Parquet file of many small row groups is large and slow


@dataclass(frozen=True)
class EmbedResult:
    """What `embed` wrote.

    Args:
        n_clips: clips that were embedded.
        n_windows: their windows, a row each.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
    """

    n_clips: int
    n_windows: int
    n_problems: int
    problems: str | None


def embed(
    model: SoundEncoder,
    clips: ClipTable,
    out: Path,
    *,
    batch_size: int = 64,
    strict: bool = False,
    progress: bool = True,
) -> EmbedResult:
    """Write the embeddings of all clips' windows to a Parquet file.

    The clips are cut as `model.windows` says. Times are seconds in the sound file, and no window
    ends after its clip. Broken clips are skipped and listed beside the file.

    Args:
        model: from sounds to embeddings.
        clips: the clips to embed.
        out: the Parquet file; replaced only when all rows are written.
        batch_size: windows that go through the encoder at a time.
        strict: If true, a broken clip is an error.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        SourceError: `out` is a folder.
        InUseError: another run is writing `out`.
        BrokenClipsError: every clip is broken, or one is and `strict` is set.
        OSError: a file cannot be written.
    """
    with claimed_file(out, "Parquet"):
        reader = ClipReader(model.front_end, clips, strict=strict, name="embed", progress=progress)
        batches = encode_windows(model, reader, batch_size)
        with atomic_write(out) as path:
            embedded, n_windows = _write(path, model, reader, batches)
            reader.require_some(len(embedded))
        problems = reader.write_problems(out)
    return EmbedResult(len(embedded), n_windows, len(reader.problems), problems)


def _write(
    path: Path, model: SoundEncoder, reader: ClipReader, batches: Iterable[WindowEmbeddings]
) -> tuple[set[int], int]:
    """Write the rows; return the positions of the clips that have some, and the number of rows."""
    paths = reader.clips.rows["path"].to_numpy()
    times = [("start_s", pa.float64()), ("end_s", pa.float64())]
    vector = pa.list_(pa.float32(), model.dim)
    schema = pa.schema([("path", pa.string()), *times, ("vector", vector)])
    embedded: set[int] = set()
    n_windows, group = 0, []
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            start_s, end_s = reader.times(batch.clips, batch.starts, batch.n_frames)
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(batch.vectors.ravel()), model.dim)
            columns = [pa.array(paths[batch.clips]), start_s, end_s, vectors]
            group.append(pa.table(columns, schema=schema))
            n_windows += len(batch.clips)
            embedded.update(batch.clips)
            if sum(map(len, group)) >= ROWS_PER_GROUP:
                writer.write_table(pa.concat_tables(group))
                group = []
        if group:
            writer.write_table(pa.concat_tables(group))
    return embedded, n_windows
