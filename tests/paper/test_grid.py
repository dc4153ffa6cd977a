import os
import re
import signal

import pytest

from soundalike.paper.cells import Bench
from soundalike.paper.experiments import choose
from soundalike.paper.grid import fill
from soundalike.paper.results import cell_path, read_cell
from soundalike.training.contrastive import ContrastiveTraining

ROWS = [
    "patch sampling/same patch",
    "patch sampling/two at random",
    "composition/all together",
    "composition/same patch + all",
    "linear evaluation/ResNet-18, untrained",
    "fine-tuning clean/ResNet-18, pretrained",
]


@pytest.fixture
def bench(store, tiny_budget, tmp_path):
    return Bench(tmp_path / "out", store, tiny_budget)


@pytest.fixture
def places():
    return [(table, row, seed) for seed in (0, 1) for table, row in choose(ROWS)]


@pytest.fixture
def trained(monkeypatch):
    """Names of the rows that are trained and measured, in order."""
    names = []
    make = Bench.make

    def counted(self, table, row, seed):
        names.append((row.name, seed))
        return make(self, table, row, seed)

    monkeypatch.setattr(Bench, "make", counted)
    return names


def times(bench):
    return {path: path.stat().st_mtime_ns for path in bench.out.rglob("*") if path.is_file()}


def test_the_same_work_is_done_once(bench, places, trained, capsys):
    fill(bench, places)
    rows = ["same patch", "two at random", "ResNet-18, untrained", "ResNet-18, pretrained"]
    assert trained == [(row, seed) for seed in (0, 1) for row in rows]
    cells = [read_cell(cell_path(bench.out, *place)) for place in places]
    assert [(cell.table, cell.row, cell.seed) for cell in cells] == [
        (table.name, row.name, seed) for table, row, seed in places
    ]
    assert cells[0].score == cells[3].score
    assert cells[1].knn == cells[2].knn == cells[5].knn
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(places)
    assert re.fullmatch(
        r"patch sampling / same patch, seed 0: balanced accuracy [\d.]+%, kNN [\d.]+%, \d+ s; "
        r"1 of 12 cells, about \d+ s left",
        lines[0],
    )
    assert lines[-1].endswith("; 12 of 12 cells")

    before = times(bench)
    fill(bench, places)
    assert len(trained) == 8
    assert times(bench) == before
    assert capsys.readouterr().err == ""


def test_only_a_missing_cell_is_made_again(bench, places, trained):
    fill(bench, places[:4], progress=False)
    before = times(bench)
    gone = cell_path(bench.out, *places[2])
    gone.unlink()
    fill(bench, places[:4], progress=False)
    assert len(trained) == 2, "another row did the same work"
    after = times(bench)
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path]} == {gone}


def test_a_signal_stops_the_grid_after_the_current_cell(bench, places, trained, monkeypatch):
    """The signal arrives in the second pre-training, which resumes from there."""
    places = places[: len(ROWS)]
    take = ContrastiveTraining.step

    def step(self, number):
        if trained == [("same patch", 0), ("two at random", 0)]:
            os.kill(os.getpid(), signal.SIGINT)
        return take(self, number)

    monkeypatch.setattr(ContrastiveTraining, "step", step)
    with pytest.raises(KeyboardInterrupt):
        fill(bench, places, progress=False)
    there = [place for place in places if cell_path(bench.out, *place).exists()]
    assert there == places[:1]
    trained.append("stopped")
    fill(bench, places, progress=False)
    assert all(cell_path(bench.out, *place).exists() for place in places)
