"""Search in archives of jittered embeddings of real sounds: indexes, whole searches, the shell.

The reference of a search is LanceDB's own scan of all rows; the difference is the share of the 10
nearest rows that the index misses. All recordings are long, so a search subtracts their backgrounds
unless it is told not to; each of the two approximate indexes is for one of these. From the shell,
all is read anew each time, from the system's cache of files.

`python benchmarks/bench_search.py 300000` takes other sizes than 10,000 and 1,000,000 rows. Writing
and indexing a million rows takes 10 minutes; see `jittered_archives`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from jittered_archives import JitteredArchive, jittered, jittered_archive
from measure import Row, as_installed, fastest, in_a_process, table

from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.index import EXACT_ROWS
from soundalike.archive.lance_index import LanceIndex, has_index
from soundalike.archive.neighbors import Index
from soundalike.archive.outline_index import FILE as OUTLINE
from soundalike.archive.outline_index import OutlineIndex
from soundalike.archive.stored_backgrounds import FILE as BACKGROUNDS
from soundalike.archive.stored_backgrounds import backgrounds_of
from soundalike.archive.window_archive import WindowArchive
from soundalike.search.archive import Archive

SIZES = (10_000, 1_000_000)
N_QUERIES, N_TIMED, K = 50, 10, 10
N_SEARCHES = 10  # by rows, through the whole of `Archive.search`


def rows() -> Iterator[Row]:
    """Yield the rows of all sizes."""
    for n_rows in [int(word) for word in sys.argv[1:]] or SIZES:
        made = jittered_archive(n_rows)
        what = f"{n_rows:,} rows"
        yield Row(f"{what}, written", made.figures["rows_a_second"], "rows/s", times=False)
        yield Row(f"{what}, on the disk (aim: under 2,200)", made.figures["bytes_a_row"], "bytes")
        has_approximate = n_rows > EXACT_ROWS or len(sys.argv) > 1
        if has_approximate:
            yield from of_the_build(made, what)
        yield from of_indexes(made.path, what, has_approximate)
        yield from of_searches(made.path, n_rows, what)


def of_the_build(made: JitteredArchive, what: str) -> Iterator[Row]:
    """Yield what building the index takes, in a process of its own, or took in an earlier run."""
    if not has_index(WindowArchive.open(made.path).row_table):
        made.record(**in_a_process(__file__, "build", made.path))
    name = f"{what}, index built"
    yield Row(f"{name} (aim: under 600)", made.figures["index_s"], "s")
    yield Row(f"{name} (aim: under 4,000)", made.figures["index_mb"], "MB of memory")


def of_indexes(path: Path, what: str, has_approximate: bool) -> Iterator[Row]:
    """Yield the times of the indexes alone, after the first query."""
    archive, queries = WindowArchive.open(path), jittered(N_QUERIES, 1)
    start = time.perf_counter()
    exact = ExactIndex(*archive.vectors())
    yield Row(f"{what}, read", time.perf_counter() - start, "s")
    exact_s, scan_s = fastest(
        lambda: exact.nearest(queries[0], K), lambda: lance_scan(archive, queries[0]), n_runs=3
    )
    aim = " (aim: under 250)" if len(exact) > EXACT_ROWS else " (aim: under 5)"
    yield Row(f"{what}, exact{aim}", 1000 * exact_s, "ms", 1000 * scan_s, "LanceDB's scan")
    (path / BACKGROUNDS).unlink(missing_ok=True)
    start = time.perf_counter()
    backgrounds = backgrounds_of(archive)
    yield Row(f"{what}, backgrounds, once", time.perf_counter() - start, "s")
    centered = ExactIndex(exact.ids, exact.vectors, backgrounds)
    (centered_s,) = fastest(lambda: centered.nearest(queries[0], K), n_runs=3)
    name = f"{what}, exact, less backgrounds"
    yield Row(name, 1000 * centered_s, "ms", 1000 * exact_s, "exact, as they are")
    if has_approximate:
        yield of_approximate(LanceIndex(archive), exact, queries, what)
        (path / OUTLINE).unlink(missing_ok=True)
        start = time.perf_counter()
        outline = OutlineIndex(archive, backgrounds)
        yield Row(f"{what}, outline, once", time.perf_counter() - start, "s")
        some = np.random.default_rng(1).choice(len(exact), N_QUERIES, replace=False)
        differences = backgrounds.centered(exact.ids[some], exact.vectors[some])
        yield of_approximate(outline, centered, differences, f"{what}, less backgrounds")


def of_approximate(index: Index, exact: Index, queries: np.ndarray, what: str) -> Row:
    """Return the time of an approximate index, and the share of the nearest rows it misses."""
    pairs = [(exact.nearest(query, K).ids, index.nearest(query, K).ids) for query in queries]
    missing = 1 - np.mean([np.isin(*pair).mean() for pair in pairs])
    index_s, exact_s = fastest(
        lambda: [index.nearest(query, K) for query in queries[:N_TIMED]],
        lambda: [exact.nearest(query, K) for query in queries[:N_TIMED]],
        n_runs=3,
    )
    return Row(
        f"{what}, approximate (aim: under 20, and 1 %)", 1000 * index_s / N_TIMED, "ms",
        1000 * exact_s / N_TIMED, "exact", difference=f"{missing:.1%} of the nearest rows",
    )  # fmt: skip


def of_searches(path: Path, n_rows: int, what: str) -> Iterator[Row]:
    """Yield the times of whole searches by a row: in one process, and from the shell."""
    archive = Archive.open(path)
    ids = np.random.default_rng(0).choice(n_rows, N_SEARCHES, replace=False)
    for name, center, option in ("as they are", False, "no"), ("less backgrounds", True, "yes"):

        def search_all(center: bool = center) -> None:
            for id in ids:
                archive.search(int(id), K, center=center)

        (seconds,) = fastest(search_all, n_runs=2)
        figure = 1000 * seconds / N_SEARCHES
        yield Row(f"{what}, `Archive.search` by a row, {name}", figure, "ms")
        command = [sys.executable, "-m", "soundalike", "search", str(path), f"{ids[0]}"]
        (seconds,) = fastest(partial(run_quietly, [*command, "--center", option]), n_runs=3)
        yield Row(f"{what}, from the shell by a row, {name} (aim: under 2)", seconds, "s")


def run_quietly(command: list[str]) -> None:
    """Run a command without its output."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=True, env=as_installed(), **quiet)


def lance_scan(archive: WindowArchive, vector: np.ndarray) -> None:
    """Find the nearest rows by LanceDB itself, without an index."""
    query = archive.row_table.search(vector, vector_column_name="vector").distance_type("cosine")
    query.bypass_vector_index().select(["id", "_distance"]).limit(K).to_arrow()


def build(path: Path) -> dict[str, float]:
    """Build the index of an archive in this process; return seconds and memory."""
    import resource

    start = time.perf_counter()
    with WindowArchive.open(path).writer() as writer:
        writer.build_index()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"index_s": time.perf_counter() - start, "index_mb": megabytes}


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        print(json.dumps(build(Path(sys.argv[2]))))
    else:
        print(table(rows()))
