"""The run folder: whose it is, and that its metrics are cut back and appended."""

import pickle

import lightning_fabric
import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from soundalike.training.run_folder import Metrics, RunError, RunFolder, read_config

CONFIG = {"source": "sounds", "clips": "abc", "test_fold": None, "recipe": {"loss": {"a": 1}}}


def test_a_new_run_keeps_its_configuration(tmp_path):
    RunFolder(tmp_path / "run").configure(**CONFIG)
    assert read_config(tmp_path / "run") == CONFIG
    RunFolder(tmp_path / "run").configure(**CONFIG)


def test_another_configuration_is_refused_by_the_key_that_differs(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    run.checkpoint.write_bytes(b"trained")
    with pytest.raises(RunError, match=r"recipe\.loss\.a is 1 there and 2 here"):
        RunFolder(tmp_path / "run").configure(**CONFIG | {"recipe": {"loss": {"a": 2}}})
    with pytest.raises(RunError, match="test_fold is None there and 3 here"):
        RunFolder(tmp_path / "run").configure(**CONFIG | {"test_fold": "3"})


def test_before_anything_was_trained_the_configuration_may_change(tmp_path):
    RunFolder(tmp_path / "run").configure(**CONFIG)
    RunFolder(tmp_path / "run").configure(**CONFIG | {"test_fold": "3"})
    assert read_config(tmp_path / "run")["test_fold"] == "3"


def test_somebody_else_s_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(RunError, match="is no run"):
        RunFolder(tmp_path)
    with pytest.raises(RunError, match="is no run"):
        RunFolder(tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_prepared_store_may_be_there_already(tmp_path):
    (tmp_path / "run" / "store").mkdir(parents=True)
    RunFolder(tmp_path / "run").configure(**CONFIG)


def test_a_damaged_configuration_is_named(tmp_path):
    for text in ("a: [", "- a"):
        (tmp_path / "config.yaml").write_text(text)
        with pytest.raises(RunError, match=r"config\.yaml|no run there"):
            read_config(tmp_path)


def row(step, **more):
    return {"step": step, "epoch": 1, "learning_rate": 0.1, "loss": torch.tensor(1.5)} | more


def test_metrics_are_appended_and_cut_back_to_the_checkpoint(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
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
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    metrics = Metrics(run, 0, ["knn"])
    metrics.add(row(1))
    metrics.flush()
    metrics.close()
    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(1, 1.5)]


class Harmful:
    """A pickle that would run code when it is read."""

    def __reduce__(self):
        return (print, ("harm",))


@pytest.mark.parametrize(
    "content",
    [b"", b"no checkpoint", pickle.dumps(Harmful(), protocol=2), "harmful"],
    ids=["empty", "text", "pickle", "checkpoint"],
)
def test_a_checkpoint_that_is_none_is_refused_and_never_run(tmp_path, content, capsys):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    if content == "harmful":
        torch.save({"step": Harmful()}, run.checkpoint)
    else:
        run.checkpoint.write_bytes(content)
    fabric = lightning_fabric.Fabric(devices=1, accelerator="cpu")
    with pytest.raises(RunError, match=r"last\.ckpt: cannot be read .* delete it"):
        run.load(fabric, {"step": 0})
    assert "harm" not in capsys.readouterr().out


def test_a_checkpoint_brings_the_state_back(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    fabric = lightning_fabric.Fabric(devices=1, accelerator="cpu")
    layer, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    state = {"layer": other, "step": 0}
    run.load(fabric, state)
    assert state["step"] == 0
    run.save(fabric, {"layer": layer, "step": 7})
    run.load(fabric, state)
    assert state["step"] == 7
    assert torch.equal(other.weight, layer.weight)
    assert [path.name for path in run.checkpoint.parent.iterdir()] == ["last.ckpt"]
