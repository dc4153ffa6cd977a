"""The map of an archive of jittered embeddings of real sounds: UMAP in a process of its own.

The seconds are those from the start of the process, which imports and compiles UMAP, to the map in
the archive. A neighbor is near on a map if it is one of the nearest hundredth of all rows there; of
500 rows, the 15 nearest are looked for. Chance is 1 %.

`python benchmarks/bench_map.py 10000` takes other sizes than 10,000, 50,000 and 200,000 rows. Up to
10,000 of them it measures umap-learn with its own search for neighbors, too, which takes 2 minutes.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
from jittered_archives import jittered_archive
from measure import Row, table

from soundalike.explore.map_process import MapProcess
from soundalike.explore.pca import unit_rows
from soundalike.explore.stored_map import FILE, read_points
from soundalike.explore.umap_map import N_NEIGHBORS, nearest
from soundalike.search.archive import Archive

AIMS_S = {10_000: 30, 50_000: 120, 200_000: 480}
MOST_FOR_REFERENCE = 10_000
N_QUERIES = 500


def rows() -> Iterator[Row]:
    """Yield the seconds of every size, and how well neighbors stay together."""
    for n_rows in [int(word) for word in sys.argv[1:]] or AIMS_S:
        aim = f" (aim: under {AIMS_S[n_rows]})" if n_rows in AIMS_S else ""
        archive = Archive.open(jittered_archive(n_rows).path)
        (archive.path / FILE).unlink(missing_ok=True)  # of an earlier run
        start = time.perf_counter()
        process = MapProcess(archive.path)
        if problem := process.problem():
            raise RuntimeError(problem)
        process.stop()
        seconds = time.perf_counter() - start
        points = read_points(archive, archive.rows())
        _, vectors = archive.vectors()
        share = near_share(vectors, points)
        if len(sys.argv) == 1 or n_rows > MOST_FOR_REFERENCE:
            yield Row(f"{n_rows:,} rows{aim}", seconds, "s")
            yield Row(f"{n_rows:,} rows, neighbors that are near", 100 * share, "%")
            continue
        reference_s, reference = of_umap_alone(vectors)
        difference = f"{100 * (share - near_share(vectors, reference)):+.1f} % of the neighbors"
        yield Row(
            f"{n_rows:,} rows{aim}", seconds, "s", reference_s, "umap-learn, without its imports",
            difference=difference,
        )  # fmt: skip


def of_umap_alone(vectors: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the seconds that umap-learn takes by itself, and its points."""
    from umap import UMAP

    start = time.perf_counter()
    points = UMAP(n_neighbors=N_NEIGHBORS, random_state=0).fit_transform(unit_rows(vectors))
    return time.perf_counter() - start, points


def near_share(vectors: np.ndarray, points: np.ndarray) -> float:
    """Return the share of the nearest rows that are near on a map."""
    n_queries = min(N_QUERIES, len(vectors))
    queries = np.random.default_rng(0).choice(len(vectors), n_queries, replace=False)
    neighbors = nearest(vectors, queries, vectors, N_NEIGHBORS + 1)[0][:, 1:]
    is_near = [
        distances[others] <= np.quantile(distances, 0.01)
        for query, others in zip(queries, neighbors, strict=True)
        for distances in [np.linalg.norm(points - points[query], axis=1)]
    ]
    return float(np.mean(is_near))


if __name__ == "__main__":
    print(table(rows()))
