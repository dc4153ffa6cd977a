"""The map of an archive of jittered embeddings of real sounds: UMAP in a process of its own.

The seconds are those from the start of the process, which imports and compiles UMAP, to the map in
the archive. The reference is umap-learn with its own search for neighbors, without its imports. A
neighbor is near on a map if it is one of the nearest hundredth of all rows there; the difference is
that of these shares, of the 15 nearest rows of 500.

`python benchmarks/bench_map.py 10000` takes other sizes than 10,000, 50,000 and 200,000 rows, and
`python benchmarks/bench_map.py 10000 ARCHIVE` jitters the rows of an archive.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench_search import write
from measure import Row, table

from soundalike.archive.window_archive import WindowArchive
from soundalike.explore.map_process import MapProcess
from soundalike.explore.pca import unit_rows
from soundalike.explore.stored_map import read_points
from soundalike.explore.umap_map import N_NEIGHBORS, nearest
from soundalike.search.archive import Archive

AIMS_S = {10_000: 30, 50_000: 120, 200_000: 480}
REFERENCE_ROWS = 10_000
N_QUERIES = 500


def base() -> np.ndarray:
    """Return the embeddings that are jittered: of an archive, or the shipped model's background."""
    from soundalike.embedding.sound_encoder import SoundEncoder

    if len(sys.argv) > 2:
        return WindowArchive.open(sys.argv[2]).vectors()[1]
    return SoundEncoder.from_pretrained("default").background.numpy()


def rows() -> Iterator[Row]:
    """Yield the seconds of every size, and how well neighbors stay together."""
    sizes = [int(sys.argv[1])] if len(sys.argv) > 1 else AIMS_S
    vectors = base()
    for n_rows in sizes:
        aim = f" (aim: under {AIMS_S[n_rows]} s)" if n_rows in AIMS_S else ""
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "archive", n_rows, vectors)
            archive = Archive.open(Path(folder) / "archive")
            start = time.perf_counter()
            process = MapProcess(archive.path)
            if problem := process.problem():
                raise RuntimeError(problem)
            process.stop()
            seconds = time.perf_counter() - start
            points = read_points(archive, archive.rows())
            ours = near_share(archive.vectors()[1], points)
            if n_rows > REFERENCE_ROWS:
                yield Row(f"{n_rows:,} rows{aim}", seconds, "s")
                yield Row(f"{n_rows:,} rows, neighbors that are near", 100 * ours, "%")
                continue
            reference_s, reference = of_umap_alone(archive.vectors()[1])
            share = near_share(archive.vectors()[1], reference)
            yield Row(
                f"{n_rows:,} rows{aim}", seconds, "s", reference_s, "umap-learn alone",
                difference=f"{100 * (ours - share):+.1f} % of the neighbors",
            )  # fmt: skip


def of_umap_alone(vectors: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the seconds that umap-learn takes by itself, and its points."""
    from umap import UMAP

    start = time.perf_counter()
    points = UMAP(n_neighbors=N_NEIGHBORS, random_state=0).fit_transform(unit_rows(vectors))
    return time.perf_counter() - start, points


def near_share(vectors: np.ndarray, points: np.ndarray) -> float:
    """Return the share of the nearest rows that are near on a map."""
    queries = np.random.default_rng(0).choice(len(vectors), N_QUERIES, replace=False)
    neighbors = nearest(vectors, queries, vectors, N_NEIGHBORS + 1)[0][:, 1:]
    distances = np.linalg.norm(points[queries][:, None] - points, axis=2)
    radius = np.quantile(distances, 0.01, axis=1)
    return float((np.take_along_axis(distances, neighbors, axis=1) <= radius[:, None]).mean())


if __name__ == "__main__":
    print(table(rows()))
