"""The outline of centered rows against the rows themselves."""

import numpy as np
import pytest
from archives import make_records, make_rows

from soundalike.archive import outline as module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.head import Head
from soundalike.archive.outline import LARGEST, Outline, principal_axes
from soundalike.archive.window_archive import WindowArchive

DIM, N = 24, 600


@pytest.fixture(scope="module")
def long_archive(tmp_path_factory):
    """Ten recordings of a minute, whose windows differ from each other in a few directions most."""
    archive = WindowArchive.create(tmp_path_factory.mktemp("outline") / "archive", Head(DIM, "m"))
    rng = np.random.default_rng(0)
    rows = make_rows([f"{number}.wav" for number in range(10)], N // 10)
    vectors = rng.standard_normal((N, DIM)) / np.arange(1, DIM + 1)
    vectors += np.repeat(rng.uniform(-9, 9, (10, DIM)), N // 10, axis=0)
    with archive.writer() as writer:
        writer.add(rows, vectors.astype(np.float32))
        writer.finish(make_records(rows))
    return archive


@pytest.fixture(scope="module")
def backgrounds(long_archive):
    return Backgrounds.of(long_archive)


@pytest.mark.parametrize(("n_axes", "error"), [(DIM, 0.02), (6, 0.15)])
def test_estimates_are_near_the_similarities(long_archive, backgrounds, n_axes, error, monkeypatch):
    monkeypatch.setattr(module, "N_AXES", n_axes)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 250)
    outline = Outline.of(long_archive, backgrounds)
    assert outline.numbers.shape == (N, n_axes)
    assert outline.fits(DIM)
    assert not outline.fits(DIM + 1)
    rows = backgrounds.centered(*long_archive.vectors())
    for query in rows[[7, 123]]:
        similarities = rows @ query / np.linalg.norm(query)
        assert np.abs(outline.estimates(3 * query) - similarities).max() < error


def test_of_many_rows_some_choose_the_axes(long_archive, backgrounds, monkeypatch):
    expected = Outline.of(long_archive, backgrounds)
    monkeypatch.setattr(module, "MOST_FITTED", 150)
    some = Outline.of(long_archive, backgrounds)
    directions = [each.axes / np.linalg.norm(each.axes, axis=0) for each in (expected, some)]
    assert abs(directions[0][:, 0] @ directions[1][:, 0]) > 0.95
    assert np.abs(some.numbers).max() == LARGEST


def test_rows_that_have_come_since_are_left_out(long_archive, backgrounds):
    is_old = backgrounds.ids % 3 > 0
    older = Backgrounds(
        backgrounds.ids[is_old], backgrounds.stretches[is_old], backgrounds.means,
        backgrounds.spreads, backgrounds.norms[is_old],
    )  # fmt: skip
    outline = Outline.of(long_archive, older)
    assert outline.ids.tolist() == older.ids.tolist()
    assert outline.numbers.any(axis=1).all()


def test_axes_without_any_rows_are_none_to_fail_on():
    axes = principal_axes(np.zeros((0, 5), np.float32))
    assert axes.shape == (5, 5)
    assert not axes.any()
