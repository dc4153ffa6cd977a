"""Sounds -> one row for every window: path, start_s, end_s, vector."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from soundalike.audio.waveform import AudioError
from soundalike.datasets.clips import Clip, ClipTable, Problem, SourceError
from soundalike.datasets.in_place import put_in_place
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.sound_encoder import SoundEncoder

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

    A window is a patch of the length the encoder was trained on; the next begins half a patch
    later. Times are seconds in the file. Broken clips are left out and listed beside the file.

    Args:
        encoder: the ear.
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
    problems: list[Problem] = []
    frame_s = encoder.log_mel.hop_length / encoder.log_mel.sample_rate
    window_s = (encoder.patch_frames - 1) * frame_s
    paths, first_s = clips.rows["path"].to_numpy(), clips.rows["start_s"].fillna(0).to_numpy()
    n_windows = 0

    def leave_out(problem: Problem) -> None:
        if strict:
            raise BrokenClipsError(problem.message)
        problems.append(problem)

    for problem in clips.problems:
        leave_out(problem)
    vector = pa.list_(pa.float32(), encoder.dim)
    times = [("start_s", pa.float64()), ("end_s", pa.float64())]
    schema = pa.schema([("path", pa.string()), *times, ("vector", vector)])
    out.parent.mkdir(parents=True, exist_ok=True)
    embedded: set[int] = set()
    waiting: list[pa.Table] = []
    with (
        tqdm(clips, "embed", unit=" clips", disable=not progress) as shown,
        put_in_place(out) as beside,
        pq.ParquetWriter(beside, schema) as writer,
    ):
        log_mels = (_log_mel(encoder, clip, leave_out) for clip in shown)
        for clip, first_frame, h in encoder.encode_patches(log_mels, batch_size):
            start_s = first_s[clip] + first_frame * frame_s
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(h.ravel()), encoder.dim)
            columns = [pa.array(paths[clip]), start_s, start_s + window_s, vectors]
            waiting.append(pa.table(columns, schema=schema))
            n_windows += len(h)
            embedded.update(clip)
            if len(waiting) * batch_size >= ROWS_AT_ONCE:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        if not embedded:
            raise BrokenClipsError(f"no clip could be read. The first: {problems[0].message}")
    listed = out.with_suffix(".problems.csv")
    if problems:
        with put_in_place(listed) as beside:
            pd.DataFrame([vars(problem) for problem in problems]).to_csv(beside, index=False)
    else:
        listed.unlink(missing_ok=True)  # of an earlier time
    return {
        "n_clips": len(embedded),
        "n_windows": n_windows,
        "n_problems": len(problems),
        "problems": str(listed) if problems else None,
    }


def _log_mel(
    encoder: SoundEncoder, clip: Clip, leave_out: Callable[[Problem], None]
) -> Iterator[np.ndarray]:
    """Yield a clip's log_mel in blocks; leave it out if it is broken or shorter than a window."""
    n_frames = 0
    try:
        for block in encoder.log_mel.blocks(clip.path, clip.start_s, clip.end_s):
            n_frames += len(block)
            yield block
    except AudioError as error:
        leave_out(Problem(clip.path, error.problem, str(error)))
        return
    if n_frames < encoder.patch_frames:
        message = f"{clip.path}: too short: {n_frames} frames; a window has {encoder.patch_frames}"
        leave_out(Problem(clip.path, "too short", message))
