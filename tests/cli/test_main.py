"""Choosing a command; errors, signals and closed pipes become one line and an exit code."""

import importlib
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import soundalike
from soundalike.cli import DONE, FAILED, WRONG_USE
from soundalike.datasets.store import is_store
from soundalike.runtime import lock


def test_version(call, capsys):
    assert call("--version") == DONE
    assert capsys.readouterr().out == f"soundalike {soundalike.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: COMMAND"),
        (["sing"], "invalid choice: 'sing'"),
        (["scan"], "required: SOURCE"),
        (["scan", "x", "--work", "2"], "unrecognized arguments: --work 2"),
        (["scan", "x", "--loss.temperature", "1"], "--loss.temperature: this command does not"),
        (["scan", "no/such"], "no/such: no such file or folder"),
        (["scan", "esc10"], "esc10: the folder of the data set is missing: write esc10:ROOT"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal(*words)


def test_every_exception_of_soundalike_has_an_exit_code():
    errors = set()
    for module in pkgutil.walk_packages(soundalike.__path__, "soundalike."):
        if not module.name.endswith("__main__"):
            members = vars(importlib.import_module(module.name)).values()
            errors |= {member for member in members if _is_error_of_ours(member)}
    assert len(errors) >= 12
    for error in errors:
        assert error.exit_code in (FAILED, WRONG_USE), error


def _is_error_of_ours(member):
    return (
        isinstance(member, type)
        and issubclass(member, Exception)
        and member.__module__.startswith("soundalike.")
    )


HELD_WHILE_IT_READS = """
import sys
from pathlib import Path
from soundalike.cli.main import main
from soundalike.datasets import prepare

read_log_mel_blocks = prepare.read_log_mel_blocks

def held_at_one(path, *more):
    if Path(path).name == "040.wav":
        hold()
    return read_log_mel_blocks(path, *more)

prepare.read_log_mel_blocks = held_at_one
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_is_one_line_and_the_same_command_resumes(
    tmp_path, start_held, interrupt, call, capsys
):
    """The signal arrives while a worker reads the second of two parts."""
    sounds, out = tmp_path / "sounds", tmp_path / "store"
    sounds.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * 22050)
    soundfile.write(sounds / "000.wav", noise, 22050)
    for number in range(1, 64):
        os.link(sounds / "000.wav", sounds / f"{number:03d}.wav")
    words = ["prepare", sounds, "--out", out, "--workers", 2]
    _, errors = interrupt(start_held(HELD_WHILE_IT_READS, *words))
    assert errors.splitlines()[-1] == "interrupted: run the same command again to resume"
    assert (out / "parts").is_dir()
    assert not is_store(out)
    assert not list(out.rglob("*.partial"))
    assert call(*words) == DONE
    assert capsys.readouterr().out.startswith("64 clips, 0.05 h")


def test_a_folder_in_use_is_refused(
    store, sound_folder, tmp_path, call, tiny_options, capsys, monkeypatch
):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    run = tmp_path / "run"
    run.mkdir()
    with lock.locked(run):
        assert call("prepare", sound_folder, "--out", run) == FAILED
        (run / "plan.json").unlink()
        assert call("pretrain", store.path, "--out", run, *tiny_options) == FAILED
    lines = capsys.readouterr().err.splitlines()
    refusals = [line for line in lines if line.startswith(f"soundalike: {run}: another run is ")]
    assert len(refusals) == 2
    assert all("another folder" in line for line in refusals)


def test_a_closed_pipe_prints_no_error(sound_folder):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "soundalike", "scan", sound_folder, "--workers", "1"]
    child = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert child.returncode == FAILED
    assert "Error" not in child.stderr
    assert "Exception" not in child.stderr
