"""What every index does: the approximate one is compared with the exact one."""

import numpy as np
import pytest
from archives import make_records, make_rows, make_vectors

from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.head import Head
from soundalike.archive.lance_index import LanceIndex
from soundalike.archive.window_archive import WindowArchive

N, DIM = 2000, 32


@pytest.fixture(scope="module")
def full_archive(tmp_path_factory):
    """An archive of 20 kinds of sounds with an approximate index, and rows added to it later."""
    path = tmp_path_factory.mktemp("indexes") / "archive"
    archive = WindowArchive.create(path, Head(DIM, "a model"))
    kinds = np.repeat(make_vectors(20, 1, DIM), N // 20, axis=0)
    vectors = 3 * kinds + make_vectors(N, 2, DIM)
    halves = [make_rows([f"{label}.wav"], N // 2, label=label) for label in "ab"]
    with archive.writer() as writer:
        for number, rows in enumerate(halves):
            writer.add(rows, vectors[number * N // 2 :][: N // 2])
            writer.finish(make_records(rows))
            if not number:
                writer.build_index()
    return archive


def exact(archive, where=None):
    return ExactIndex(*archive.vectors(where))


def approximate(archive, where=None):
    return LanceIndex(archive, where)


every_index = pytest.mark.parametrize("index_of", [exact, approximate], ids=["exact", "lance"])


@every_index
def test_the_most_similar_rows_come_first(index_of, full_archive):
    index = index_of(full_archive)
    assert len(index) == N
    ids, vectors = full_archive.vectors()
    for row in (3, 700, N - 1):
        neighbors = index.nearest(2 * vectors[row], 5)
        assert neighbors.ids[0] == ids[row]
        assert neighbors.ids.shape == neighbors.similarities.shape == (5,)
        assert neighbors.similarities[0] == pytest.approx(1, abs=1e-5)
        assert (np.diff(neighbors.similarities) <= 0).all()
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        of_ids = unit[neighbors.ids] @ unit[row]
        np.testing.assert_allclose(neighbors.similarities, of_ids, atol=1e-5)


@every_index
def test_only_rows_that_meet_the_condition_are_found(index_of, full_archive):
    index = index_of(full_archive, "label = 'b' AND start_s < 40")
    assert len(index) == 40
    neighbors = index.nearest(make_vectors(1, 3, DIM)[0], 50)
    assert len(neighbors.ids) == 40
    rows = full_archive.rows(neighbors.ids)
    assert set(rows["label"]) == {"b"}
    assert rows["start_s"].max() == 39
    assert (
        len(index_of(full_archive, "label = 'c'").nearest(make_vectors(1, 3, DIM)[0], 5).ids) == 0
    )


def test_the_approximate_index_finds_what_the_exact_one_finds(full_archive):
    oracle, index = exact(full_archive), approximate(full_archive)
    _, vectors = full_archive.vectors()
    queries = vectors[::50] + make_vectors(len(vectors[::50]), 4, DIM)
    shares = [
        len({*oracle.nearest(query, 10).ids} & {*index.nearest(query, 10).ids}) / 10
        for query in queries
    ]
    assert np.mean(shares) >= 0.99
