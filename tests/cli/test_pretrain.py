"""The command pretrain."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from soundalike.cli import DONE
from soundalike.cli.main import main
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.run_folder import read_training_audio


def test_pretrain_trains_and_writes_the_health_page(results_of, store, tiny_options, tmp_path):
    run = tmp_path / "run"
    words = ["pretrain", store.path, "--out", run, *tiny_options, "--training.n_epochs", 2]
    results, last = results_of(*words)
    assert (results["n_steps"], results["n_steps_done"], results["run"]) == (6, 6, str(run))
    assert last == f"trained for 6 steps: {run / 'encoder'}"
    assert (results["verdict"], results["alarms"]) == ("too few checks to tell", {})
    assert "Far too short" in (run / "health.html").read_text()


def test_a_finished_run_says_so_and_stays_as_it_is(store, tiny_options, call, tmp_path, capsys):
    run = tmp_path / "run"
    words = ["pretrain", store.path, "--out", run, *tiny_options, "--training.n_epochs", 1]
    assert call(*words) == DONE
    assert "health: only 3 steps: far too short" in capsys.readouterr().err
    before = (run / "encoder" / "config.json").read_bytes()
    assert call(*words) == DONE
    captured = capsys.readouterr()
    assert captured.out == f"{run} is already trained (3 steps); --minutes M continues it\n"
    assert "trains on" not in captured.err
    assert "health: only 3 steps: far too short" in captured.err
    assert (run / "encoder" / "config.json").read_bytes() == before


def test_init_starts_from_the_weights_of_a_model(
    results_of, run, store, sound_folder, tiny_options, tmp_path
):
    """With a learning rate of 0, the final model equals the initial one, and knows its clips."""
    words = ["pretrain", sound_folder / "low", "--out", tmp_path / "on", "--init", run.encoder]
    words += [*tiny_options[:2], "--head.hidden_dim=16", "--head.out_dim=16"]
    words += ["--training.n_epochs", 1, "--training.batch_size", 10]
    words += ["--optimizer.lr", 0, "--optimizer.weight_decay", 0]
    results_of(*words)
    before, after = (SoundEncoder.from_pretrained(path) for path in (run.path, tmp_path / "on"))
    assert after.front_end == before.front_end
    assert after.standardization == before.standardization
    assert after.encoder_settings == before.encoder_settings
    for name, value in before.encoder.named_parameters():
        assert np.array_equal(after.encoder.get_parameter(name).detach(), value.detach()), name
    assert set(read_training_audio(tmp_path / "on")) == set(store.audio)


def test_a_run_belongs_to_the_content_of_its_initial_model(
    refusal, run, store, tiny_options, tmp_path
):
    """Not to its path: the same model elsewhere is the same, another one there is refused."""
    first, second = tmp_path / "first", tmp_path / "second"
    model = SoundEncoder.from_pretrained(run.path)
    model.save(first)
    words = ["pretrain", store.path, "--out", tmp_path / "on", "--training.batch_size", 10]
    words += ["--head.hidden_dim=16", "--head.out_dim=16", *tiny_options[:2]]
    words += ["--training.n_epochs", 1, "--optimizer.lr", 0]
    assert main([str(word) for word in (*words, "--init", first)]) == DONE
    first.rename(second)
    assert main([str(word) for word in (*words, "--init", second)]) == DONE
    with torch.no_grad():
        next(model.encoder.parameters()).mul_(2)
    model.save(second)
    assert "init" in refusal(*words, "--init", second)


HELD_IN_A_STEP = """
import sys
from soundalike.cli.main import main
from soundalike.training.contrastive import ContrastiveTraining

step = ContrastiveTraining.step

def held_at_one(self, number):
    if number == 4:
        hold()
    return step(self, number)

ContrastiveTraining.step = held_at_one
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupted_run_resumes(
    store, start_held, interrupt, call, tiny_options, tmp_path, capsys
):
    """Ctrl-C arrives during the fifth step, which is completed."""
    run = tmp_path / "run"
    words = ["pretrain", store.path, "--out", run, *tiny_options]
    words += ["--training.n_epochs", 3, "--monitor.every_n_epochs", 3]
    out, _ = interrupt(start_held(HELD_IN_A_STEP, *words))
    assert out == "interrupted after 5 of 9 steps: run the same command again to resume\n"
    assert call(*words) == DONE
    assert capsys.readouterr().out == f"trained for 9 steps: {run / 'encoder'}\n"
    assert pd.read_csv(run / "metrics.csv")["step"].tolist() == list(range(1, 10))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "pretrain needs a SOURCE and --out RUN"),
        (["x"], "pretrain needs a SOURCE and --out RUN"),
        (
            ["x", "--out", "y", "--init", "z", "--encoder.width", "8"],
            "--encoder.width: fixed by the loaded model; cannot be overridden",
        ),
        (["x", "--out", "y", "--init", "no/such"], "no/such: no model there"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal("pretrain", *words)


def test_a_recipe_is_refused_before_clips_are_read(refusal, sound_folder, tmp_path):
    words = ["pretrain", sound_folder, "--out", tmp_path / "run", "--recipe", "tiny"]
    message = refusal(*words, "--encoder.name", "crnn", "--front_end.n_mels", 64)
    assert "encoder.name crnn does not fit front_end.n_mels 64" in message
    assert "temperature" in refusal(*words, "--loss.temperature", "-1")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_not_a_run_is_refused(refusal, tmp_path, sound_folder):
    (tmp_path / "thesis.doc").touch()
    assert "name a new folder" in refusal("pretrain", sound_folder, "--out", tmp_path)


def pid_of_rank(number):
    """The process of this machine that is a rank of a training."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables, words = path.read_bytes(), path.with_name("cmdline").read_bytes()
        except OSError:  # it has ended, or belongs to another user
            continue
        if f"\0RANK={number}\0".encode() in variables and b"pretrain" in words:
            return int(path.parent.name)
    return None


@pytest.mark.slow
def test_a_killed_rank_ends_the_job_which_resumes_on_another_number(
    store, tiny_options, call, tmp_path
):
    """With the metrics of a run on one rank, as far as float32 allows."""
    words = [*tiny_options, "--training.n_epochs", 40]
    words = [sys.executable, "-m", "soundalike", "pretrain", store.path, "--out", tmp_path, *words]
    words = [str(word) for word in [*words, "--devices", 2]]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics = tmp_path / "metrics.csv"
    while process.poll() is None and (not metrics.exists() or metrics.read_text().count("\n") < 10):
        time.sleep(0.2)
    os.kill(pid_of_rank(1), signal.SIGKILL)
    start = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - start < 30
    assert process.returncode == 1
    assert "rank 1 was killed by signal 9, so all were stopped" in errors
    options = ["--out", tmp_path, *tiny_options, "--training.n_epochs", 40]
    assert call("pretrain", store.path, *options) == DONE
    options[1] = tmp_path / "alone"
    assert call("pretrain", store.path, *options) == DONE
    resumed, alone = (pd.read_csv(path / "metrics.csv") for path in (tmp_path, tmp_path / "alone"))
    assert resumed["step"].tolist() == alone["step"].tolist()
    np.testing.assert_allclose(resumed["loss"][:5], alone["loss"][:5], rtol=1e-3)


@pytest.mark.slow
def test_a_signal_stops_all_ranks_after_a_step(store, tiny_options, call, tmp_path, capsys):
    words = [*tiny_options, "--training.n_epochs", 400]
    words = [sys.executable, "-m", "soundalike", "pretrain", store.path, "--out", tmp_path, *words]
    words = [str(word) for word in [*words, "--devices", 2]]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics = tmp_path / "metrics.csv"
    while process.poll() is None and (not metrics.exists() or metrics.read_text().count("\n") < 10):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "interrupted after " in out
    assert "Traceback" not in errors
