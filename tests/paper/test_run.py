import json
import re
from dataclasses import asdict, replace

import pandas as pd
import pytest
from kills import assert_whole, kills
from power_cut import POWER_CUTS

from soundalike.datasets.clips import SourceError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.paper import run
from soundalike.paper.budgets import BUDGETS
from soundalike.paper.results import read_cells
from soundalike.paper.rows import PaperError
from soundalike.paper.run import run_paper
from soundalike.training.run_folder import RunError

ROWS = ["patch sampling/same patch", "linear evaluation/log-mel statistics"]


def test_run_paper_goes_from_sounds_to_tables(sound_folder, tiny_budget, tmp_path, capsys):
    out = tmp_path / "out"
    result = run_paper(str(sound_folder), out, ROWS, 2, "tiny", label_noise=0.25, label_depth=1)
    assert result.n_cells == 4
    assert result.n_failed == 0
    assert [(cell["row"], cell["seed"]) for cell in result.cells] == [
        ("same patch", 0), ("log-mel statistics", 0), ("same patch", 1), ("log-mel statistics", 1),
    ]  # fmt: skip
    assert json.loads(json.dumps(asdict(result))) == asdict(result)
    assert "4 of 4 cells" in capsys.readouterr().err

    text = (out / "tables.md").read_text()
    assert re.search(
        r"- source: .*: 24 clips, [0-9]+ s \(\d+ train, \d+ validation, \d+ test\)", text
    )
    assert "- budget: tiny: Networks too small" in text
    assert "training.n_epochs 2" in text
    assert "- label noise: 25%" in text
    assert "--seeds 2 --budget tiny --label_noise 0.25`" in text
    assert f"soundalike paper {sound_folder} --out {out} --label_depth 1 --only" in text
    assert "too short for conclusions" in text
    assert len(pd.read_csv(out / "tables.csv")) == 4

    times = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    (out / "report.html.123.partial").touch()  # of a process that was killed
    again = run_paper(str(sound_folder), out, ROWS, 2, "tiny", 0.25, progress=False)
    assert not list(out.rglob("*.partial"))
    assert again.cells == result.cells
    changed = {path.relative_to(out).parts[0] for path, t in times.items()
               if path.stat().st_mtime_ns != t}  # fmt: skip
    assert changed == {"tables.md", "tables.csv", "figures"}


def test_a_folder_with_other_settings_is_refused(store, tiny_budget, tmp_path, monkeypatch):
    def go(budget="tiny", label_noise=0.0, clips=store):
        rows = ["linear evaluation/log-mel statistics"]
        run_paper(str(clips.path), tmp_path, rows, 1, budget, label_noise, progress=False)

    go()
    with pytest.raises(RunError, match="budget is tiny there and small here"):
        go("small")
    with pytest.raises(RunError, match=r"label_noise is 0\.0 there and 0\.2 here"):
        go(label_noise=0.2)
    monkeypatch.setitem(BUDGETS, "tiny", BUDGETS["small"])
    with pytest.raises(RunError, match=r"pretraining is .* there and .* here"):
        go()


def test_an_interrupt_leaves_tables_of_finished_cells(store, tiny_budget, tmp_path, monkeypatch):
    def stop(bench, places, progress):
        fill(bench, places[:1], progress)
        raise KeyboardInterrupt

    fill = run.fill
    monkeypatch.setattr(run, "fill", stop)
    with pytest.raises(KeyboardInterrupt):
        run_paper(str(store.path), tmp_path, ["linear evaluation"], 1, "tiny", progress=False)
    text = (tmp_path / "tables.md").read_text()
    assert "| VGG, untrained |" not in text
    assert "Not run: “ResNet-18, untrained”, “ResNet-18, from scratch”, “VGG, pretrained”" in text


@pytest.mark.parametrize("label_noise", [0.0, 0.3])
def test_wrong_labels_are_looked_for_where_some_are_known(
    label_noise, store, tiny_budget, tmp_path, monkeypatch
):
    asked = []

    def stop(bench, places, progress):
        asked.extend(places)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "fill", stop)
    with pytest.raises(KeyboardInterrupt):
        run_paper(str(store.path), tmp_path, None, 1, "tiny", label_noise, progress=False)
    names = {table.name for table, _, _ in asked}
    assert ("wrong labels" in names) == bool(label_noise)
    assert "linear evaluation" in names
    text = (tmp_path / "tables.md").read_text()
    reason = "- left out: the table wrong labels: it is not known which labels are wrong"
    assert (reason in text) == (not label_noise)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": ["mixback"]}, "did you mean 'mix-back'"),
        ({"budget": "samll"}, "did you mean 'small'"),
        ({"n_seeds": 0}, "at least 1 seed"),
        ({"label_noise": 1.0}, "label noise below 1"),
        ({"label_noise": -0.1}, "label noise below 1"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_written(wrong, message, store, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(PaperError, match=message):
        run_paper(str(store.path), out, progress=False, **wrong)
    assert not out.exists()


def test_clips_without_labels_are_refused(sound_folder, tmp_path):
    with pytest.raises(SourceError, match="no clip has a label"):
        run_paper(str(sound_folder / "low"), tmp_path / "out", budget="small", progress=False)
    assert not (tmp_path / "out" / "paper.json").exists()


FINE_TUNED = [f"fine-tuning noisy/ResNet-18, {start}" for start in ("from scratch", "pretrained")]

PAPER = """
from soundalike.paper import run
from soundalike.paper.budgets import BUDGETS, Budget

BUDGETS["tiny"] = {tiny}

def work(folder):
    store, *rows = arguments
    run.run_paper(store, folder, rows, 1, "tiny", progress=False)
"""


def require_same_results(moments):
    """Check that a kill made no difference but to durations.

    Deleted checkpoints and weights are there again after a power cut, and nobody reads them.
    """
    varying = ("cells", "tables.md", "tables.csv", "figures", "metrics.csv", "tensorboard",
               "numbers.json", "checkpoints", "encoder", "classifier")  # fmt: skip
    assert "paper.json" in assert_whole(moments, varying=varying)
    results = [(scores(each.folder), models(each.folder)) for each in moments]
    assert all(each == results[-1] for each in results)


def scores(out):
    return [replace(cell, seconds=0.0) for cell in read_cells(out)]


def models(out):
    """Return what tells the models in a folder apart."""
    return {
        str(path.relative_to(out)): SoundEncoder.load(path).fingerprint()
        for path in sorted(out.rglob("encoder"))
    }


@kills("seed-0.json")
def test_the_experiments_resume_after_a_kill_at_any_moment(
    names, cut, store, tiny_budget, kill_everywhere
):
    program = PAPER.format(tiny=tiny_budget)
    moments = kill_everywhere(program, store.path, *ROWS, names=names, cut=cut)
    assert len(moments) == 3 if names else len(moments) > 20
    require_same_results(moments)


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["", *POWER_CUTS])
def test_trainings_with_labels_resume_after_a_kill_at_any_moment(
    cut, store, tiny_budget, kill_everywhere
):
    """From random weights, and from a pre-trained encoder."""
    program = PAPER.format(tiny=tiny_budget)
    moments = kill_everywhere(program, store.path, *FINE_TUNED, cut=cut)
    assert len(moments) > 40
    require_same_results(moments)
