"""Metrics: appended, cut back to the checkpoint, and the same in TensorBoard."""

import pandas as pd
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


def test_tensorboard_has_the_same_numbers(tmp_path):
    run = new_run(tmp_path)
    metrics = Metrics(run, 0, ["knn"])
    metrics.add(row(1))
    metrics.flush()
    metrics.close()
    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(1, 1.5)]
