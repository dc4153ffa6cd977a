import numpy as np
import pytest

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.experiments import TABLES, choose
from soundalike.paper.results import Cell, cell_path, read_cells, summarize, write_cell

SAME, RANDOM = "same patch", "two at random"


def cell(row, seed, score, **more):
    return Cell("patch sampling", row, seed, score, "balanced accuracy", **more)


def test_cells_are_read_in_the_order_of_tables_and_seeds(tmp_path):
    places = [(table, row, seed) for table, row in choose()[:7] for seed in (0, 2, 10)]
    for table, row, seed in reversed(places):
        write_cell(cell_path(tmp_path, table, row, seed), Cell(table.name, row.name, seed, 0.5))
    there = [(cell.table, cell.row, cell.seed) for cell in read_cells(tmp_path)]
    assert there == [(table.name, row.name, seed) for table, row, seed in places]


def test_a_written_cell_is_read_back(tmp_path):
    table = TABLES[0]
    original = cell(SAME, 4, 0.123456789, knn=0.5, epoch=3, seconds=12.5, validation_score=0.1)
    write_cell(cell_path(tmp_path, table, table.rows[0], 4), original)
    assert read_cells(tmp_path) == [original]


def test_a_row_is_its_mean_over_seeds():
    scores = [0.5, 0.6, 0.64]
    cells = [cell(SAME, seed, s, knn=s / 2, seconds=10.0 * seed) for seed, s in enumerate(scores)]
    summary = summarize(cells)["patch sampling"][SAME]
    assert summary.mean == pytest.approx(np.mean(scores))
    assert summary.interval == pytest.approx(t_interval(scores))
    assert summary.knn == pytest.approx(np.mean(scores) / 2)
    assert summary.seconds == 10
    assert summary.missing == ""


def test_a_failed_cell_does_not_count():
    cells = [
        cell(SAME, 0, 0.5, seconds=30.0),
        cell(SAME, 1, None, failed="nan"),
        cell(RANDOM, 0, None, failed="x"),
    ]
    rows = summarize(cells)["patch sampling"]
    assert rows[SAME].scores == {0: 0.5}
    assert (rows[SAME].seconds, rows[RANDOM].seconds) == (30.0, None)
    assert rows[SAME].failed == ("nan",)
    assert (rows[SAME].missing, rows[RANDOM].missing) == ("", "failed")
    assert rows["apart, side by side"].missing == "not run"
    assert np.isnan(rows[RANDOM].mean)


def test_only_tables_with_a_cell_are_returned():
    assert list(summarize([cell(SAME, 0, 0.5)])) == ["patch sampling"]
    assert summarize([]) == {}


def test_an_interval_stays_between_zero_and_one():
    summary = summarize([cell(SAME, 0, 0.1), cell(SAME, 1, 0.9)])["patch sampling"][SAME]
    assert summary.interval == (0, 1)
    assert np.isnan(summarize([cell(SAME, 0, 0.1)])["patch sampling"][SAME].interval).all()
