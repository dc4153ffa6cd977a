"""Choosing a command; errors, signals and closed pipes become one line and an exit code."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import soundalike
from soundalike.cli import COMMANDS, DONE, FAILED, WRONG_USE
from soundalike.datasets import source
from soundalike.datasets.folder import read_folder
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
        (
            ["embed", "x", "--out=y", "--loss.temperature=1"],
            "--loss.temperature: this command does",
        ),
        (["scan", "x", "--loss.temperature", "1"], "--loss.temperature: of a recipe, this command"),
        (["scan", "no/such"], "no/such: no such file or folder"),
        (["scan", "esc10"], "esc10: the folder of the data set is missing: write esc10:ROOT"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal(*words)


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_stay_silent(sound_folder, tmp_path, closed):
    """As of a service or a job: no traceback, and no message in the files that are written."""
    out = tmp_path / "results.json"
    words = [sys.executable, "-m", "soundalike", "scan", str(sound_folder), "--json", str(out)]
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *words], capture_output=True)
    assert done.returncode == DONE
    assert b"Traceback" not in done.stderr
    assert json.loads(out.read_text())["n_clips"] == 24


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
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 22050)
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
    assert capsys.readouterr().out.startswith("64 clips, 64 s")


@pytest.mark.parametrize(
    "command", ["prepare", "pretrain", "evaluate", "paper", "demo", "download", "embed"]
)
def test_an_output_in_use_is_refused(
    command, run, store, sound_folder, tmp_path, call, tiny_options, capsys, monkeypatch
):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    out = tmp_path / ("out.npy" if command == "embed" else "out")
    words = {
        "prepare": [sound_folder, "--out", out],
        "pretrain": [store.path, "--out", out, *tiny_options],
        "evaluate": [run.path, store.path, "--out", out],
        "paper": [store.path, "--out", out],
        "demo": ["--out", out],
        "download": ["fsdnoisy18k", out],
        "embed": [run.path, sound_folder, "--out", out],
    }
    if command == "embed":
        in_use = lock.locked_file
    else:
        in_use = lock.locked
        out.mkdir()
    with in_use(out):
        assert call(command, *words[command]) == FAILED
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"soundalike: {out}: another run is ")
    assert "wait until it ends, or" in line


@pytest.mark.parametrize("command", ["evaluate", "views", "paper"])
def test_a_source_is_read_once(command, run, sound_folder, tmp_path, call, monkeypatch):
    n_calls = 0

    def counted(path, label_depth):
        nonlocal n_calls
        n_calls += 1
        return read_folder(path, label_depth)

    monkeypatch.setattr(source, "read_folder", counted)
    model = [run.path] if command == "evaluate" else []
    # One class cannot be scored, so evaluate and paper refuse it, after they have read it.
    call(command, *model, sound_folder / "low", "--out", tmp_path / "out")
    assert n_calls == 1


def test_a_closed_pipe_prints_no_error(sound_folder):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "soundalike", "scan", sound_folder, "--workers", "1"]
    child = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert child.returncode == FAILED
    assert "Error" not in child.stderr
    assert "Exception" not in child.stderr


def test_commands_run_within_the_limits_of_their_options(tmp_path, monkeypatch, call, refusal):
    (tmp_path / "hum.py").write_text(
        '"""Hum."""\n'
        "import os\n"
        "from soundalike.cli.options import add_machine as add_arguments\n"
        "def run(arguments):\n"
        '    assert os.environ["SOUNDALIKE_THREADS"] == os.environ["OMP_NUM_THREADS"] == "3"\n'
        '    assert os.environ["SOUNDALIKE_DEVICE"] == "cpu"\n'
        "    return 0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "hum", "hum")
    before = os.environ.get("OMP_NUM_THREADS")
    assert call("hum", "--threads", 3, "--device", "cpu") == DONE
    monkeypatch.setenv("SOUNDALIKE_THREADS", "3")
    assert call("hum", "--device", "cpu") == DONE
    monkeypatch.setenv("SOUNDALIKE_THREADS", "many")
    assert "SOUNDALIKE_THREADS=many: set it to a whole number" in refusal("hum")
    monkeypatch.delenv("SOUNDALIKE_THREADS")
    assert os.environ.get("OMP_NUM_THREADS") == before
    assert not {"SOUNDALIKE_THREADS", "SOUNDALIKE_DEVICE"} & set(os.environ)
