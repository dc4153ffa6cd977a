"""The commands: what they say, what they return, and how they are stopped."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

import soundalike
from soundalike.cli.commands import DONE, FAILED, WRONG_USE
from soundalike.cli.main import main
from soundalike.datasets.store import is_store, open_store
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.runtime import lock

COMMANDS = [
    "demo", "download", "scan", "prepare", "views", "pretrain", "evaluate", "classify", "embed",
    "paper",
]  # fmt: skip
TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim=16", "--head.out_dim", "16",
    "--training.batch_size", "10", "--training.precision=32-true",
]  # fmt: skip


def call(*words):
    """Run a command here; return its exit code, also where the parser exits by itself."""
    try:
        return main([str(word) for word in words])
    except SystemExit as exit:
        return exit.code


def child(*words, **more):
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "soundalike", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **more)


def refusal(capsys, *words):
    """Return the one line with which a command refuses to be used in a wrong way."""
    assert call(*words) == WRONG_USE
    captured = capsys.readouterr()
    assert captured.out == ""
    line = captured.err.splitlines()[-1]
    assert line.startswith("soundalike")
    return line


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert call(command, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: soundalike {command}")
    assert "--json" in shown


def test_help_lists_the_commands(capsys):
    assert call("--help") == 0
    shown = capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", shown, re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("words", [["--help"], ["views", "--help"]])
def test_help_imports_nothing_heavy_and_is_quick(words):
    code = (
        "import sys\nfrom soundalike.cli.main import main\n"
        f"try: main({words})\nexcept SystemExit: pass\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 2
    heavy = {"torch", "numpy", "pandas", "scipy", "sklearn", "pyarrow", "yaml", "lightning_fabric"}
    assert not heavy & set(done.stderr.split())
    assert "usage: soundalike" in done.stdout


def test_version(capsys):
    assert call("--version") == 0
    assert capsys.readouterr().out == f"soundalike {soundalike.__version__}\n"


# Wrong use: exit code 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required: COMMAND"),
        (["sing"], "invalid choice: 'sing'"),
        (["scan"], "required: SOURCE"),
        (["scan", "x", "--loud"], "unrecognized arguments: --loud"),
        (["scan", "x", "--work", "2"], "unrecognized arguments: --work 2"),
        (["prepare", "x"], "required: --out"),
        (["views"], "required: SOURCE"),
        (["views", "x", "--pairs", "0"], "argument --pairs: '0': give a whole number from 1"),
        (["views", "no/such"], "no/such: no such file or folder"),
        (["views", "x", "--recipe", "finetune"], "of the kind supervised; here take one of"),
        (["views", "x", "--views.nois.std", "1"], "'nois' is not known: did you mean 'noise'?"),
        (["pretrain"], "pretrain needs a SOURCE and --out RUN"),
        (["pretrain", "x"], "pretrain needs a SOURCE and --out RUN"),
        (["scan", "x", "--workers", "0"], "argument --workers: '0': give a whole number from 1"),
        (["scan", "x", "--workers", "two"], "'two': give a whole number from 1"),
        (["evaluate", "x", "y", "--seed=-1"], "'-1': give a whole number from 0"),
        (["evaluate", "x", "y", "--protocol", "magic"], "invalid choice: 'magic'"),
        (["evaluate", "x", "y", "--task", "dirty"], "invalid choice: 'dirty'"),
        (["evaluate", "x", "y", "--optimizer.lr", "1"], "are for --protocol finetune"),
        (
            ["evaluate", "x", "y", "--protocol", "finetune", "--encoder.width=8"],
            "--encoder.width: the model brings its own",
        ),
        (
            ["evaluate", "x", "y", "--protocol", "finetune", "--training.seed=8"],
            "--training.seed: give --seed",
        ),
        (["evaluate", "x", "y", "--recipe", "tiny"], "of the kind pretraining; here take one of"),
        (["pretrain", "x", "--out", "y", "--init", "z", "--encoder.width", "8"], "brings its own"),
        (["pretrain", "x", "--out", "y", "--init", "no/such"], "no/such: no model there"),
        (["classify", "no/such", "x", "--out", "y"], "no/such: no classifier there"),
        (["classify", "x", "y", "--out", "z", "--threshold", "2"], "'2': give a number from 0 to"),
        (["paper", "x", "--out", "y", "--label_noise", "much"], "'much': give a number from 0 to"),
        (["paper", "x", "--out", "y", "--budget", "smal"], "did you mean 'small'"),
        (["download", "fsdnoisy", "x"], "did you mean 'fsdnoisy18k'"),
        (["scan", "x", "--loss.temperature", "1"], "--loss.temperature is a key of a recipe, and"),
        (["scan", "no/such"], "no/such: no such file or folder"),
        (["scan", "esc10"], "esc10: say where the data set is: esc10:ROOT"),
        (["embed", "no/such", "x", "--out", "y"], "no/such: no model there"),
        (["pretrain", "--print_recipe", "--recipe", "tinny"], "Did you mean 'tiny'?"),
    ],
)
def test_wrong_use(capsys, words, said):
    assert said in refusal(capsys, *words)


def test_a_folder_of_something_else_is_wrong_use(capsys, tmp_path, sound_folder):
    (tmp_path / "thesis.doc").touch()
    assert "name a new folder" in refusal(capsys, "prepare", sound_folder, "--out", tmp_path)
    assert "name a new folder" in refusal(capsys, "pretrain", sound_folder, "--out", tmp_path)


def test_the_default_ear_is_taken_when_no_model_is_named(sound_folder, run, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED_MODELS, "default", run.encoder)
    monkeypatch.chdir(tmp_path)
    assert call("embed", sound_folder, "--out", "default.parquet") == DONE
    assert call("embed", run.path, "--out", "named.parquet", sound_folder) == DONE
    assert Path("default.parquet").read_bytes() == Path("named.parquet").read_bytes()
    assert call("evaluate", sound_folder, "--protocol", "knn") == DONE
    found = json.loads(Path("evaluation", sound_folder.name, "results.json").read_text())
    assert found["model"] == "default"


def test_embedding_into_a_folder_is_wrong_use(capsys, tmp_path, sound_folder, run):
    said = refusal(capsys, "embed", run.path, sound_folder, "--out", tmp_path)
    assert f"{tmp_path}: is a folder: name the Parquet file" in said


def test_a_page_of_views_into_a_folder_is_wrong_use(capsys, tmp_path, sound_folder):
    said = refusal(capsys, "views", sound_folder, "--out", tmp_path)
    assert f"{tmp_path}: is a folder: name the HTML file" in said


# Recipes and overrides


def printed(capsys, *words):
    """Return the recipe that pretrain prints."""
    assert call("pretrain", "--print_recipe", *words) == DONE
    return yaml.safe_load(capsys.readouterr().out)


def test_the_printed_recipe_is_a_recipe(capsys, tmp_path):
    recipe = printed(capsys, *TINY, "--views.noise", "null", "--schedule.name", "cosine")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipe))
    assert printed(capsys, "--recipe", tmp_path / "mine.yaml") == recipe


def test_overrides_are_yaml_values_after_a_space_or_an_equals_sign(capsys):
    recipe = printed(
        capsys,
        "--loss.temperature", "0.5",
        "--training.n_epochs=7",
        "--optimizer.lr=1e-4",
        "--views.resized_crop", "{area: [0.5, 1.0]}",
        "--views.noise=null",
        "--views.mix_back.alpha", "0.1",
        "--training.merge_views", "false",
        "--encoder.name", "vgg",
    )  # fmt: skip
    assert recipe["loss"]["temperature"] == 0.5
    assert recipe["training"]["n_epochs"] == 7
    assert recipe["training"]["merge_views"] is False
    assert recipe["optimizer"]["lr"] == 1e-4
    assert recipe["views"]["resized_crop"]["area"] == [0.5, 1.0]
    assert recipe["views"]["noise"] is None
    assert recipe["views"]["mix_back"]["alpha"] == 0.1
    assert recipe["encoder"] == {"name": "vgg", "width": 32}, "not the other encoder's 64"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--loss.temprature", "1"], "'temprature' is not known: did you mean 'temperature'?"),
        (["--los.temperature=1"], "'los' is not known: did you mean 'loss'?"),
        (["--encoder.name", "resnet81"], "'resnet81' is not known: did you mean 'resnet18'?"),
        (["--training.n_epochs", "many"], "training.n_epochs"),
        (["--loss.temperature"], "--loss.temperature needs a value"),
        (["--loss.temperature=[1"], "'[1' is no YAML value"),
        (["--views.noise", "loud"], "views.noise is 'loud': give its keys, or null"),
    ],
)
def test_wrong_overrides(capsys, words, said):
    assert said in refusal(capsys, "pretrain", "--print_recipe", *words)


def test_front_ends_that_contradict_themselves(capsys, sound_folder, tmp_path):
    words = ["--out", tmp_path / "x", "--front_end.fmax", "20000"]
    for command in ("prepare", "views", "pretrain"):
        assert "fmax at most half the sample_rate" in refusal(capsys, command, sound_folder, *words)
    assert not (tmp_path / "x").exists()


# Done: exit code 0


def test_prepare_takes_the_front_end_of_the_recipe(sound_folder, tmp_path, capsys):
    out = tmp_path / "store"
    assert call("prepare", sound_folder, "--out", out, "--front_end.n_mels=64") == DONE
    assert open_store(out).front_end.n_mels == 64
    capsys.readouterr()
    said = refusal(capsys, "prepare", sound_folder, "--out", out)
    assert "n_mels is 64 there and 96 here" in said


def test_json_replaces_a_file_and_follows_a_link(sound_folder, tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    assert call("scan", sound_folder, "--workers", 1, "--json", link) == DONE
    assert link.is_symlink()
    assert json.loads(target.read_text())["n_clips"] == 24


def test_names_that_the_terminal_has_no_letters_for(tmp_path):
    sounds = tmp_path / "sounds" / "hör犬"
    sounds.mkdir(parents=True)
    soundfile.write(sounds / "ß.wav", np.zeros(8000), 8000)
    words = ["scan", tmp_path / "sounds", "--workers", 1, "--json", tmp_path / "found.json"]
    done = child(*words, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == DONE, done.stderr
    assert r"h\xf6r\u72ac" in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["labels"] == {"hör犬": 1}


# Failed: exit code 1


def test_a_reader_that_went_away_is_no_noise(sound_folder):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "soundalike", "scan", sound_folder, "--workers", "1"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == FAILED
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr


@contextlib.contextmanager
def started(*words):
    """Start a command in a process group of its own, as a terminal does."""
    command = [sys.executable, "-m", "soundalike", *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        yield process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_until(condition, process):
    """Wait until something is so while a process runs."""
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def interrupt(process):
    """Press Ctrl-C; return the output, after checking that there is no noise."""
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == FAILED
    for noise in ("Traceback", "Error", "Exception", "leaked"):
        assert noise not in out + errors
    return out, errors


def test_ctrl_c_in_prepare_and_on_to_the_end(tmp_path, capsys):
    sounds, out = tmp_path / "sounds", tmp_path / "store"
    sounds.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 20 * 22050)
    soundfile.write(sounds / "000.wav", noise, 22050)
    for number in range(1, 64):
        os.link(sounds / "000.wav", sounds / f"{number:03d}.wav")
    words = ["prepare", sounds, "--out", out, "--workers", 2]
    with started(*words) as process:
        wait_until(lambda: (out / "parts").is_dir(), process)
        _, errors = interrupt(process)
    assert errors.splitlines()[-1] == "stopped: run the same command again to go on"
    assert not is_store(out)
    assert not list(out.rglob("*.partial"))
    assert call(*words) == DONE
    assert capsys.readouterr().out.startswith("64 clips, 0.36 h")


def test_ctrl_c_in_pretrain_and_on_to_the_end(store, tmp_path, capsys):
    run = tmp_path / "run"
    words = ["pretrain", store.path, "--out", run, *TINY]
    words += ["--training.n_epochs", 40, "--monitor.every_n_epochs", 40]
    with started(*words) as process:
        wait_until(lambda: (run / "metrics.csv").exists() and n_rows(run) > 0, process)
        out, _ = interrupt(process)
    (line,) = out.splitlines()
    steps = re.fullmatch(r"stopped after (\d+) of 120 steps; the same command .*", line)
    assert steps, line
    assert 0 < int(steps[1]) < 120
    assert call(*words) == DONE
    assert capsys.readouterr().out == f"trained for 120 steps: {run / 'encoder'}\n"
    assert pd.read_csv(run / "metrics.csv")["step"].tolist() == list(range(1, 121))


def test_two_runs_do_not_write_into_one_folder(store, sound_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    run = tmp_path / "run"
    run.mkdir()
    with lock.locked(run):
        assert call("prepare", sound_folder, "--out", run) == FAILED
        (run / "plan.json").unlink()
        assert call("pretrain", store.path, "--out", run, *TINY) == FAILED
    said = capsys.readouterr().err.splitlines()
    in_use = f"soundalike: {run}: another run is at work there: wait until it has ended, or name "
    assert [line for line in said if line.startswith("soundalike")] == [
        f"{in_use}another folder."
    ] * 2


def n_rows(run: Path) -> int:
    """Count the steps that are written down."""
    return max(0, (run / "metrics.csv").read_text().count("\n") - 1)
