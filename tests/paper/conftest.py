"""The paper's experiments with a tiny budget, and made-up results."""

import pytest

from soundalike.paper.budgets import BUDGETS, Budget
from soundalike.paper.experiments import choose
from soundalike.paper.results import Cell, cell_path, write_cell

TINY = Budget(
    "Networks too small and trainings too short to learn anything.",
    pretraining={
        "head.hidden_dim": 8,
        "head.out_dim": 8,
        "training.n_epochs": 2,
        "training.batch_size": 8,
        "training.precision": "32-true",
        "monitor.k": None,
    },
    supervised={
        "schedule.milestones": [1],
        "training.n_epochs": 2,
        "training.batch_size": 8,
        "training.precision": "32-true",
    },
    widths={"resnet18": 2, "vgg": 2, "crnn": 2},
    n_linear_epochs=3,
    is_conclusive=False,
)


@pytest.fixture
def tiny_budget(monkeypatch):
    """Return the budget "tiny", which is in the table during the test."""
    monkeypatch.setitem(BUDGETS, "tiny", TINY)
    return TINY


@pytest.fixture(scope="session")
def made_up():
    """Return a function that writes a cell for each score of a row; other rows have 0.5 thrice."""

    def write(out, scores, only=None):
        for table, row in choose(only):
            name = f"{table.name}/{row.name}"
            for seed, score in enumerate(scores.get(name, [0.5, 0.5, 0.5])):
                cell = Cell(table.name, row.name, seed, float(score), "balanced accuracy")
                write_cell(cell_path(out, table, row, seed), cell)

    return write
