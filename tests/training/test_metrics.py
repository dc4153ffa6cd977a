"""Metrics: appended, cut back to the checkpoint, and the same in TensorBoard."""

import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from soundalike.training.metrics import Metrics
from soundalike.training.run_folder import RunFolder


def new_run(folder):
    run = RunFolder(folder / "run")
    run.configure(source="sounds")
    return run


def row(step, **more):
    return {"step": step, "epoch": 1, "learning_rate": 0.1, "loss": torch.tensor(1.5)} | more


def test_a_resumed_run_drops_the_rows_after_the_checkpoint_and_appends(tmp_path):
    run = new_run(tmp_path)
    metrics = Metrics(run, 0, ["knn"])
    for step in (1, 2, 3):
        metrics.add(row(step))
    metrics.add(row(4, knn=0.5))
    assert [written["loss"] for written in metrics.flush()] == [1.5] * 4
    metrics.close()

    metrics = Metrics(run, 2, ["knn"])
    metrics.add(row(3, knn=0.75))
    metrics.flush()
    metrics.close()
    table = pd.read_csv(run.path / "metrics.csv")
    assert table["step"].tolist() == [1, 2, 3]
    assert table["knn"].tolist()[-1] == 0.75
    assert table["knn"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize("rest", [b"", bytes(9)], ids=["nothing", "zeros"])
def test_rows_that_a_crash_left_incomplete_are_dropped(rest, tmp_path):
    """The file ends anywhere, perhaps with bytes that were never written."""
    run = new_run(tmp_path)
    metrics = Metrics(run, 0)
    for step in range(9, 12):
        metrics.add(row(step - 8, loss=torch.tensor(float(step)), seconds=1.5))
    metrics.flush()
    whole = metrics.rows()
    metrics.close()
    content = run.metrics.read_bytes()
    for n_bytes in range(len(content)):
        run.metrics.write_bytes(content[:n_bytes] + rest)
        n_rows = max(0, content[:n_bytes].count(b"\n") - 1)
        assert metrics.rows() == whole[:n_rows]


def test_tensorboard_has_the_same_numbers(tmp_path):
    run = new_run(tmp_path)
    metrics = Metrics(run, 0, ["knn"])
    metrics.add(row(1))
    metrics.flush()
    metrics.close()
    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(1, 1.5)]
