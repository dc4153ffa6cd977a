"""Cells of real trainings of about a second."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from soundalike.paper.cells import Bench
from soundalike.paper.experiments import choose
from soundalike.training.contrastive import ContrastiveTraining


@pytest.fixture
def bench(store, tiny_budget, tmp_path):
    return Bench(tmp_path, store, tiny_budget)


def row_of(name):
    return choose([name])[0]


@pytest.mark.parametrize(
    ("name", "has_knn", "has_epoch"),
    [
        ("patch sampling/same patch", True, True),
        ("linear evaluation/VGG, untrained", False, True),
        ("linear evaluation/log-mel statistics", False, False),
        ("linear evaluation/CRNN, from scratch", False, True),
        ("linear evaluation/SimCLR", True, True),
        ("fine-tuning noisy/baseline CNN, Lq", False, True),
        ("fine-tuning noisy/VGG, pretrained", True, True),
        ("fine-tuning clean/ResNet-18, pretrained", True, True),
        ("fine-tuning noisy/ResNet-18, pretrained, logistic regression", True, False),
        ("fine-tuning noisy/ResNet-18, pretrained, soft labels", True, False),
        ("few labels/1 a class, log-mel statistics", False, False),
        ("few labels/1 a class, from scratch", False, True),
        ("few labels/5 a class, pretrained, linear", True, False),
        ("few labels/5 a class, pretrained, fine-tuned", True, True),
    ],
)
def test_every_kind_of_row_gets_a_score(name, has_knn, has_epoch, bench):
    cell = bench.make(*row_of(name), seed=1)
    assert f"{cell.table}/{cell.row}" == name
    assert cell.failed == ""
    assert cell.seed == 1
    assert 0 <= cell.score <= 1
    assert cell.metric == "balanced accuracy"
    assert (cell.knn is not None, cell.epoch is not None) == (has_knn, has_epoch)
    assert cell.seconds >= 0
    assert not list(bench.out.rglob("*.ckpt")), "checkpoints are of no more use"


@pytest.mark.parametrize("start", ["log-mel statistics", "untrained", "pretrained"])
@pytest.mark.parametrize("way", ["audit", "self-confidence"])
def test_wrong_labels_are_found_from_every_start(start, way, bench):
    """Of 20 clips in train and validation, 16 train: half of those have a wrong label."""
    noisy = replace(bench, label_noise=0.5)
    cell = noisy.make(*row_of(f"wrong labels/{start}, {way}"), seed=1)
    assert cell.failed == ""
    assert cell.metric == "wrong-label AUROC"
    assert 0 <= cell.score <= 1
    rows = noisy.clips(1).clips.rows
    audited = rows[rows["split"] != "test"]
    true_rate = (audited["label"] != audited["true_label"]).mean()
    assert cell.true_noise_rate == (pytest.approx(true_rate) if way == "audit" else None)
    assert (cell.noise_rate is None) == (way == "self-confidence")
    assert cell.noise_rate_verified is None, "nobody has verified these"


def test_labels_of_which_nothing_is_known_are_a_failed_cell(bench):
    cell = bench.make(*row_of("wrong labels/log-mel statistics, audit"), 0)
    assert cell.score is None
    assert "make some wrong (--label_noise 0.4)" in cell.failed


def test_the_same_seed_gives_the_same_cell(bench, tmp_path):
    place = row_of("fine-tuning noisy/VGG, pretrained")
    again = replace(bench, out=tmp_path / "again")
    first, second = bench.make(*place, seed=0), again.make(*place, seed=0)
    assert replace(first, seconds=0) == replace(second, seconds=0)


def test_rows_with_the_same_pretraining_share_it(bench):
    table, row = row_of("linear evaluation/ResNet-18, pretrained")
    assert not bench.has_pretrained(row, 0)
    bench.make(table, row, 0)
    assert bench.has_pretrained(row, 0)
    (weights,) = (bench.out / "pretraining/paper/seed-0/encoder").glob("*.safetensors")
    before = weights.stat().st_mtime_ns
    tuned = bench.make(*row_of("fine-tuning clean/ResNet-18, pretrained"), 0)
    assert tuned.score is not None
    assert weights.stat().st_mtime_ns == before
    assert not bench.has_pretrained(row, 1)


def test_each_seed_has_other_splits_and_wrong_labels(bench):
    noisy = replace(bench, label_noise=0.5)
    first, second = noisy.clips(0).clips.rows, noisy.clips(1).clips.rows
    assert set(first.columns[first.columns == "true_label"]) == {"true_label"}
    in_train = first["split"] == "train"
    wrong = first["label"] != first["true_label"]
    assert wrong[in_train].mean() == pytest.approx(0.5, abs=0.05)
    assert not wrong[~in_train].any()
    assert list(first["split"]) != list(second["split"])
    assert "true_label" not in bench.clips(0).clips.rows


def test_a_diverged_training_is_a_failed_cell(bench, monkeypatch):
    diverging = replace(
        bench.budget,
        pretraining={**bench.budget.pretraining, "optimizer.name": "sgd", "optimizer.lr": 1e30},
    )
    bench = replace(bench, budget=diverging)
    cell = bench.make(*row_of("patch sampling/two at random"), 0)
    assert cell.score is None
    assert "the loss is nan" in cell.failed
    taken = []
    monkeypatch.setattr(ContrastiveTraining, "step", lambda self, number: taken.append(number))
    shared = bench.make(*row_of("fine-tuning clean/ResNet-18, pretrained"), 0)
    assert shared.failed == cell.failed
    assert not taken, "what failed is not tried again by every row that begins with it"


def test_a_recipe_that_does_not_fit_the_clips_is_a_failed_cell(bench):
    longer = {**bench.budget.pretraining, "views.patch_frames": 5000}
    bench = replace(bench, budget=replace(bench.budget, pretraining=longer))
    cell = bench.make(*row_of("patch sampling/two at random"), 0)
    assert "patch_frames is 5000" in cell.failed


def test_mixing_within_clips_that_are_too_short_is_a_failed_cell(bench, monkeypatch):
    """It would mostly be the row without mix-back; a claim must not rest on it."""
    n_frames = bench.store.n_frames.copy()
    n_frames[: 2 * len(n_frames) // 3] = 4 * 101 - 1
    store = replace(bench.store, n_frames=n_frames)
    monkeypatch.setattr(ContrastiveTraining, "step", lambda self, number: pytest.fail("trains"))
    cell = replace(bench, store=store).make(*row_of("mix-back/within the clip"), 0)
    assert cell.score is None
    assert cell.failed.endswith("have the 4.02 s that mixing within the clip takes; the others "
                                "would not be mixed")  # fmt: skip


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_pretraining_resumes(stop, bench, tmp_path, monkeypatch):
    place = row_of("patch sampling/same patch")
    whole = replace(bench, out=tmp_path / "whole").make(*place, 0)
    take = ContrastiveTraining.step

    def step(self, number):
        if number + 1 == stop:
            os.kill(os.getpid(), signal.SIGINT)
        return take(self, number)

    monkeypatch.setattr(ContrastiveTraining, "step", step)
    with pytest.raises(KeyboardInterrupt):
        bench.make(*place, 0)
    assert not bench.has_pretrained(place[1], 0)
    monkeypatch.undo()
    assert replace(bench.make(*place, 0), seconds=0) == replace(whole, seconds=0)


def test_a_cell_has_the_best_score_of_the_monitor(bench):
    cell = bench.make(*row_of("patch sampling/same patch"), 0)
    run = bench.out / "pretraining" / "paper-patch_sampling-same" / "seed-0"
    metrics = np.genfromtxt(run / "metrics.csv", delimiter=",", names=True)
    assert cell.knn == pytest.approx(np.nanmax(metrics["knn"]))
    assert json.loads((run / "numbers.json").read_text())["knn"] == cell.knn
