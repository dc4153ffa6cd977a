"""Archives of jittered embeddings of real sounds, which several benchmarks measure.

The embeddings are those of the background of the shipped model: mixtures of two of them, with noise
of a tenth of their size. An archive is written once, to a folder of the system's temporary folder,
and stays there for the next benchmark: delete the folder when all is measured. An archive of a
million rows takes 4 GB, with its index. An interrupted run resumes.
"""

import functools
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.archive.head import Head, is_archive
from soundalike.archive.window_archive import WindowArchive

FOLDER = Path(tempfile.gettempdir()) / "soundalike-benchmarks"
ROWS_PER_ADD = 4096


@dataclass(frozen=True)
class JitteredArchive:
    """An archive that is written, and what has been measured of it so far.

    Args:
        path: folder of the archive.
    """

    path: Path

    @property
    def figures(self) -> dict[str, float]:
        """What was measured when it was written, and later."""
        file = self._file
        return json.loads(file.read_text()) if file.exists() else {}

    def record(self, **figures: float) -> None:
        """Add figures, for the next run."""
        self._file.write_text(json.dumps({**self.figures, **figures}))

    @property
    def _file(self) -> Path:
        return self.path.with_suffix(".json")


@functools.cache
def base() -> np.ndarray:
    """Return the embeddings that are jittered: [n, dim]."""
    from soundalike.embedding.sound_encoder import SoundEncoder

    return SoundEncoder.from_pretrained("default").background.numpy()


def jittered(n: int, seed: int) -> np.ndarray:
    """Return n vectors like those of real sounds: [n, dim]."""
    rng, vectors = np.random.default_rng(seed), base()
    first, second = vectors[rng.integers(0, len(vectors), (2, n))]
    share = rng.uniform(0, 0.5, (n, 1)).astype(np.float32)
    noise = 0.1 * vectors.std() * rng.standard_normal(first.shape, np.float32)
    return (first * (1 - share) + second * share + noise).astype(np.float32)


def jittered_archive(n_rows: int) -> JitteredArchive:
    """Return an archive of n rows; it is written unless an earlier run has done so."""
    result = JitteredArchive(FOLDER / f"{n_rows}")
    if "bytes_a_row" in result.figures and is_archive(result.path):
        return result
    FOLDER.mkdir(exist_ok=True)
    print(f"writes {n_rows:,} rows to {result.path}", file=sys.stderr)
    archive = WindowArchive.create(result.path, Head(base().shape[1], "benchmark"))
    with archive.writer() as writer:
        start, n_before = time.perf_counter(), writer.next_id
        for first in range(n_before, n_rows, ROWS_PER_ADD):
            rows = columns(first, min(ROWS_PER_ADD, n_rows - first))
            writer.add(rows, jittered(len(rows), first))
            clips = rows.drop_duplicates("path")[["path", "recording", "label", "split"]]
            facts = {"size": 1, "mtime_ns": 1, "n_rows": 60, "is_complete": True}
            writer.finish(clips.assign(start_s=np.nan, end_s=np.nan, **facts))
        writer.compact()
        seconds = time.perf_counter() - start
    rate = (n_rows - n_before) / seconds if n_rows > n_before else float("nan")
    result.record(rows_a_second=rate, bytes_a_row=size(result.path) / n_rows)
    return result


def columns(first: int, n: int) -> pd.DataFrame:
    """Return the columns of n rows of recordings of a minute."""
    numbers = np.arange(first, first + n)
    recording = numbers // 60
    start_s = (numbers % 60).astype(float)
    return pd.DataFrame(
        {
            "recording": [f"{number * 2654435761 % 2**64:032x}" for number in recording.tolist()],
            "path": [f"station {n % 7}/2026/recording_{n:07d}.wav" for n in recording.tolist()],
            "start_s": start_s,
            "end_s": start_s + 2,
            "label": "",
            "split": "",
            "duration_s": 60.0,
            "peak_db": -20.0,
        }
    )


def size(path: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
