"""Sounds -> one row for every window: path, start_s, end_s, vector."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from soundalike.audio.waveform import AudioError
from soundalike.datasets.clips import ClipTable, Problem
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.sound_encoder import SoundEncoder


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
        BrokenClipsError: a clip is broken and `strict` is set, or every clip is broken.
    """
    problems = list(clips.problems)
    frame_s = encoder.log_mel.hop_length / encoder.log_mel.sample_rate
    window_s = (encoder.patch_frames - 1) * frame_s
    paths, first_s = clips.rows["path"].to_numpy(), clips.rows["start_s"].fillna(0).to_numpy()
    n_windows = 0

    def log_mels() -> Iterator[Iterator[np.ndarray]]:
        for clip in tqdm(clips, desc="embed", unit=" clips", disable=not progress):
            yield _blocks(encoder.log_mel.blocks(clip.path, clip.start_s, clip.end_s))

    def _blocks(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        try:
            yield from blocks
        except AudioError as error:
            if strict:
                raise BrokenClipsError(str(error)) from None
            problems.append(Problem(str(error.path), error.problem, str(error)))

    schema = pa.schema(
        [
            ("path", pa.string()),
            ("start_s", pa.float64()),
            ("end_s", pa.float64()),
            ("vector", pa.list_(pa.float32(), encoder.dim)),
        ]
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(out.name + ".partial")
    embedded: set[int] = set()
    try:
        with pq.ParquetWriter(beside, schema) as writer:
            for clip, first_frame, h in encoder.encode_patches(log_mels(), batch_size):
                start_s = first_s[clip] + first_frame * frame_s
                vectors = pa.FixedSizeListArray.from_arrays(pa.array(h.ravel()), encoder.dim)
                columns = [pa.array(paths[clip]), start_s, start_s + window_s, vectors]
                writer.write_table(pa.table(columns, schema=schema))
                n_windows += len(h)
                embedded.update(clip)
        if not embedded:
            raise BrokenClipsError(f"no clip could be read. The first: {problems[0].message}")
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
    listed = out.with_suffix(".problems.csv")
    if problems:
        pd.DataFrame([vars(problem) for problem in problems]).to_csv(listed, index=False)
    else:
        listed.unlink(missing_ok=True)  # of an earlier time
    return {
        "n_clips": len(embedded),
        "n_windows": n_windows,
        "n_problems": len(problems),
        "problems": str(listed) if problems else None,
    }
