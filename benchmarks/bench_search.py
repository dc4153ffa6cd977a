"""Archives of jittered embeddings of real sounds: size, and the search of one of them.

The embeddings are those of the background of the shipped model: mixtures of two of them, with noise
of a tenth of their size. The reference of a search is LanceDB's own scan of all rows; the
difference is the share of the 10 nearest rows that the index misses.

`python benchmarks/bench_search.py 300000` takes other sizes than 10,000 and 1,000,000 rows. A
million rows take up to 10 minutes and 7 GB of disk.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from measure import Row, fastest, in_a_process, table

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.head import Head
from soundalike.archive.index import EXACT_ROWS
from soundalike.archive.lance_index import LanceIndex
from soundalike.archive.window_archive import WindowArchive

SIZES = (10_000, 1_000_000)
ROWS_PER_ADD, N_QUERIES, K = 4096, 50, 10


def jittered(base: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return n vectors like those of a base: [n, dim]."""
    rng = np.random.default_rng(seed)
    first, second = base[rng.integers(0, len(base), (2, n))]
    share = rng.uniform(0, 0.5, (n, 1))
    noise = 0.1 * base.std() * rng.standard_normal((n, base.shape[1]))
    return (first * (1 - share) + second * share + noise).astype(np.float32)


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


def write(path: Path, n_rows: int, base: np.ndarray) -> WindowArchive:
    """Write an archive, a record of its clips with every part."""
    archive = WindowArchive.create(path, Head(base.shape[1], "benchmark"))
    with archive.writer() as writer:
        for first in range(0, n_rows, ROWS_PER_ADD):
            rows = columns(first, min(ROWS_PER_ADD, n_rows - first))
            writer.add(rows, jittered(base, len(rows), first))
            clips = rows.drop_duplicates("path")[["path", "recording", "label", "split"]]
            facts = {"size": 1, "mtime_ns": 1, "n_rows": 60, "is_complete": True}
            writer.finish(clips.assign(start_s=np.nan, end_s=np.nan, **facts))
        writer.compact()
    return archive


def size(path: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def rows() -> Iterator[Row]:
    """Yield the rows of all sizes."""
    for n_rows in [int(word) for word in sys.argv[1:]] or SIZES:
        yield from rows_of(n_rows)


def rows_of(n_rows: int) -> Iterator[Row]:
    """Yield the size of an archive, and the times of its searches."""
    from soundalike.embedding.sound_encoder import SoundEncoder

    base = SoundEncoder.from_pretrained("default").background.numpy()
    queries = jittered(base, N_QUERIES, 1)
    with tempfile.TemporaryDirectory() as folder:
        path, what = Path(folder) / "archive", f"{n_rows:,} rows"
        start = time.perf_counter()
        archive = write(path, n_rows, base)
        yield Row(f"{what}, written", time.perf_counter() - start, "s")
        yield Row(f"{what}, on the disk", size(path) / n_rows, "bytes a row")
        start = time.perf_counter()
        exact = ExactIndex(*archive.vectors())
        yield Row(f"{what}, read", time.perf_counter() - start, "s")
        scan = LanceIndex(path, archive.row_table)  # without an index, it scans
        exact_s, scan_s = fastest(
            lambda: exact.nearest(queries[0], K), lambda: scan.nearest(queries[0], K), n_runs=3
        )
        yield Row(f"{what}, exact search", 1000 * exact_s, "ms", 1000 * scan_s, "LanceDB's scan")
        start = time.perf_counter()
        backgrounds = Backgrounds.of(archive)
        yield Row(f"{what}, backgrounds of minutes", time.perf_counter() - start, "s")
        centered = ExactIndex(exact.ids, exact.vectors, backgrounds)
        (centered_s,) = fastest(lambda: centered.nearest(queries[0], K), n_runs=3)
        name = f"{what}, exact search without backgrounds"
        yield Row(name, 1000 * centered_s, "ms", 1000 * exact_s, "exact search")
        if n_rows > EXACT_ROWS or len(sys.argv) > 1:
            build = in_a_process(__file__, "build", path)
            yield Row(f"{what}, index built", build["s"], "s")
            yield Row(f"{what}, index built", build["mb"], "MB of memory")
            archive.refresh()
            index = LanceIndex(path, archive.row_table)
            pairs = [(exact.nearest(q, K).ids, index.nearest(q, K).ids) for q in queries]
            missing = 1 - np.mean([np.isin(*pair).mean() for pair in pairs])
            (index_s,) = fastest(lambda: [index.nearest(q, K) for q in queries], n_runs=3)
            yield Row(
                f"{what}, approximate search",
                1000 * index_s / N_QUERIES,
                "ms",
                1000 * scan_s,
                "LanceDB's scan",
                difference=f"{missing:.1%} of the nearest rows",
            )


def build(path: Path) -> dict[str, float]:
    """Build the index of an archive in this process; return seconds and memory."""
    import resource

    start = time.perf_counter()
    with WindowArchive.open(path).writer() as writer:
        writer.build_index()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"s": time.perf_counter() - start, "mb": megabytes}


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        print(json.dumps(build(Path(sys.argv[2]))))
    else:
        print(table(rows()))
