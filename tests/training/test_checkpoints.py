"""The checkpoints of a run: damaged, torn, harmful and interrupted."""

import os
import pickle

import lightning_fabric
import pytest
import torch

from soundalike.training.checkpoints import CheckpointError, Checkpoints


@pytest.fixture
def fabric():
    return lightning_fabric.Fabric(devices=1, accelerator="cpu")


@pytest.fixture
def checkpoints(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return Checkpoints(tmp_path / "checkpoints")


def test_a_checkpoint_restores_the_state(checkpoints, fabric):
    layer, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    state = {"layer": other, "step": 0}
    checkpoints.load(fabric, state)
    assert (state["step"], checkpoints.exist()) == (0, False)
    checkpoints.save(fabric, {"layer": layer, "step": 7})
    checkpoints.load(fabric, state)
    assert (state["step"], checkpoints.exist()) == (7, True)
    assert torch.equal(other.weight, layer.weight)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["last.ckpt"]
    checkpoints.delete()
    assert not list(checkpoints.folder.iterdir())


@pytest.mark.parametrize(("n_steps", "expected"), [(4, 4), (5, None)])
def test_the_number_of_steps_of_a_finished_training(checkpoints, n_steps, expected):
    assert checkpoints.n_steps_if_finished() is None
    torch.save({"step": 4, "n_steps": n_steps}, checkpoints.last)
    assert checkpoints.n_steps_if_finished() == expected
    checkpoints.last.write_bytes(b"")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.n_steps_if_finished()


def cut(content):
    return content[: len(content) // 2]


def zeros_at_the_end(content):
    return content[:-600] + bytes(600)


def flipped_bit(content):
    middle = content.index(b"/data/0") + 100
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, zeros_at_the_end, flipped_bit, bytes.hex])
def test_of_a_torn_checkpoint_the_one_before_is_used(checkpoints, fabric, capsys, damage):
    for step in (1, 2, 3):
        checkpoints.save(fabric, {"weights": torch.full((50,), float(step)), "step": step})
    content = checkpoints.last.read_bytes()
    damaged = damage(content)
    checkpoints.last.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    state = {"weights": torch.zeros(50), "step": 0}
    checkpoints.load(fabric, state)
    assert (state["step"], float(state["weights"].mean())) == (2, 2.0)
    said = capsys.readouterr().err
    assert said == f"{checkpoints.last} is damaged: resumes from the one before it\n"
    checkpoints.save(fabric, {"weights": torch.zeros(50), "step": 4})
    checkpoints.last.unlink()
    checkpoints.load(fabric, state)
    assert state["step"] == 2, "the damaged one did not replace it"
    checkpoints.last.write_bytes(content[:100])
    checkpoints.before.write_bytes(content[:100])
    with pytest.raises(CheckpointError, match=r"last\.ckpt cannot be read .* delete it to restart"):
        checkpoints.load(fabric, state)


def test_a_writer_that_was_killed_between_two_renames_leaves_no_temporary_file(checkpoints, fabric):
    """The two checkpoints are then links of one file."""
    checkpoints.save(fabric, {"step": 1})
    os.link(checkpoints.last, checkpoints.before)
    checkpoints.save(fabric, {"step": 2})
    names = sorted(path.name for path in checkpoints.folder.iterdir())
    assert names == ["before_last.ckpt", "last.ckpt"]
    assert torch.load(checkpoints.before)["step"] == 1


def test_a_writer_that_is_stopped_between_two_renames_leaves_the_last(
    checkpoints, fabric, monkeypatch
):
    checkpoints.save(fabric, {"step": 1})

    def full(path, copy):
        raise OSError(28, "no space left on device", str(copy))

    monkeypatch.setattr("soundalike.training.checkpoints._copy", full)
    with pytest.raises(OSError, match="no space left"):
        checkpoints.save(fabric, {"step": 2})
    state = {"step": 0}
    checkpoints.load(fabric, state)
    assert state["step"] == 1
    assert [path.name for path in checkpoints.folder.iterdir()] == ["last.ckpt"]


class Harmful:
    """A pickle that would run code when it is read."""

    def __reduce__(self):
        return (print, ("harm",))


@pytest.mark.parametrize(
    "content",
    [b"", b"no checkpoint", pickle.dumps(Harmful(), protocol=2), "harmful"],
    ids=["empty", "text", "pickle", "checkpoint"],
)
def test_a_damaged_or_harmful_checkpoint_is_refused_and_never_run(
    checkpoints, fabric, content, capsys
):
    if content == "harmful":
        torch.save({"step": Harmful()}, checkpoints.last)
    else:
        checkpoints.last.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"last\.ckpt cannot be read .* delete it"):
        checkpoints.load(fabric, {"step": 0})
    assert "harm" not in capsys.readouterr().out
