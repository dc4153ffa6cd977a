"""Sounds -> one row for every window: path, start_s, end_s, vector."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.runtime.atomic import atomic_write

ROWS_AT_ONCE = 8192  # a Parquet file of many small groups of rows is large and slow


def embed(
    encoder: SoundEncoder,
    clips: ClipTable,
    out: Path,
    *,
    batch_size: int = 64,
    strict: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Write the embeddings of all clips' windows to a Parquet file.

    A window is of the length that the model embeds at once, or the clip where that is shorter; the
    next begins half a window later. Times are seconds in the file. Broken clips are left out and
    listed beside the file.

    Args:
        encoder: the model.
        clips: what to read.
        out: the Parquet file; replaced only when all is written.
        batch_size: windows that go through the encoder at a time.
        strict: whether a broken clip is an error.
        progress: whether to show a progress bar.

    Returns:
        `n_clips` and `n_windows` written, `n_problems`, and the path of their list, `problems`.

    Raises:
        SourceError: `out` is a folder.
        BrokenClipsError: a clip is broken and `strict` is set, or every clip is broken.
        OSError: a file cannot be written.
    """
    if out.is_dir():
        raise SourceError(f"{out}: is a folder: name the Parquet file to write.")
    hop_s = encoder.front_end.hop_s
    paths, first_s = clips.rows["path"].to_numpy(), clips.rows["start_s"].fillna(0).to_numpy()
    n_windows = n_waiting = 0
    log_mels = ClipReader(encoder, clips, strict=strict, name="embed", progress=progress)
    vector = pa.list_(pa.float32(), encoder.dim)
    times = [("start_s", pa.float64()), ("end_s", pa.float64())]
    schema = pa.schema([("path", pa.string()), *times, ("vector", vector)])
    out.parent.mkdir(parents=True, exist_ok=True)
    embedded: set[int] = set()
    waiting: list[pa.Table] = []
    with atomic_write(out) as beside, pq.ParquetWriter(beside, schema) as writer:
        for windows, h in encoder.encode_windows(log_mels, batch_size):
            start_s = first_s[windows.clips] + windows.starts * hop_s
            end_s = start_s + (windows.n_frames - 1) * hop_s
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(h.ravel()), encoder.dim)
            columns = [pa.array(paths[windows.clips]), start_s, end_s, vectors]
            waiting.append(pa.table(columns, schema=schema))
            n_windows += len(h)
            n_waiting += len(h)
            embedded.update(windows.clips)
            if n_waiting >= ROWS_AT_ONCE:
                writer.write_table(pa.concat_tables(waiting))
                waiting, n_waiting = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        log_mels.refuse_none(len(embedded))
    return {
        "n_clips": len(embedded),
        "n_windows": n_windows,
        "n_problems": len(log_mels.problems),
        "problems": log_mels.write_problems(out),
    }
