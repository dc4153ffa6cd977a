import os
import re
import signal
from dataclasses import replace

import pytest

from soundalike.paper.cells import NUMBERS, Bench
from soundalike.paper.experiments import choose
from soundalike.paper.grid import _beforehand, _kind, _kinds, _times_of_existing, fill
from soundalike.paper.results import Cell, cell_path, read_cell, write_cell
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
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == ("12 of 12 cells to make; after the first, you see how long the others take")
    assert len(lines) == len(places)
    assert re.fullmatch(
        r"patch sampling / same patch, seed 0: balanced accuracy [\d.]+%, kNN [\d.]+%, [\d.]+ s; "
        r"1 of 12 cells, about [\d.]+ (s|min) left",
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


def test_what_earlier_calls_measured_says_how_long_the_rest_takes(
    bench, places, trained, capsys, monkeypatch
):
    """A pre-training that is shared counts once, and a cell that failed at once does not."""
    for place, seconds in zip(places[:2], (100.0, 140.0), strict=True):
        write_cell(
            cell_path(bench.out, *place),
            Cell(place[0].name, place[1].name, 0, score=0.5, seconds=seconds),
        )
    failed = choose(["mix-back/within-the-clip"])[0]
    write_cell(cell_path(bench.out, *failed, 0), Cell("mix-back", failed[1].name, 0, failed="no"))
    monkeypatch.setattr(Bench, "pretraining_seconds", lambda self, row, seed: 90.0)
    missing = [place for place in places if place[2] == 1][:2]
    times = _times_of_existing(bench)
    assert times.of(_kinds(bench, missing)) == 240
    assert times.of([_kind(places[0][1], pretrains=False)]) == 30
    assert _beforehand(2, 4, 240.0).startswith("2 of 4 cells to make: about 4 min on this machine")
    assert _beforehand(1, 1, float("nan")) == "1 of 1 cell to make"


def test_the_time_of_a_pretraining_is_known(bench):
    row = choose(["mix-back/none"])[0][1]
    assert bench.pretraining_seconds(row, 0) == 0
    folder = bench._pretraining(row, 0).path
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("")
    (folder / NUMBERS).write_text('{"knn": null, "seconds": 12.5}')
    assert bench.pretraining_seconds(row, 0) == 12.5
    assert bench.pretraining_seconds(replace(row, start="untrained"), 0) == 0
    (folder / NUMBERS).write_text('{"failed": "the loss is NaN"}')
    assert bench.pretraining_seconds(row, 0) == 0
