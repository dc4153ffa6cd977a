"""The demo from sounds to page, on fewer sounds and a few steps."""

import dataclasses
import json
import re

import pytest

from soundalike.datasets import synthetic
from soundalike.demo.run import FEW_STEPS, NEXT_STEPS, run_demo, with_warning
from soundalike.downstream.verdict import Verdict
from soundalike.recipes.recipe import to_yaml

pytestmark = pytest.mark.usefixtures("rough_sounds", "few_resamples", "few_rounds")
SCORES = {"log_mel_linear", "untrained_linear", "pretrained_linear", "knn"}


@pytest.fixture
def few_sounds(monkeypatch):
    few = {"train_noisy": 32, "train_clean": 20, "test": 40}
    monkeypatch.setitem(synthetic.SIZES, "small", few)


def test_a_training_of_a_few_steps_is_named():
    answer = Verdict("Your model is good.", "linear", 0.8, [0.6, 0.9], {})
    assert with_warning(answer, FEW_STEPS) == answer
    assert with_warning(answer, 4).sentence.startswith(
        "Your model is good. Training took only 4 steps, since this machine is slow or busy"
    )


def test_the_next_steps_classify_and_search():
    commands = " ".join(NEXT_STEPS.values())
    for name in ("classify runs/mine", "--out archive", "search archive SOUND"):
        assert name in commands


def test_the_demo_writes_a_report_and_its_numbers(few_sounds, tiny_recipe, tmp_path, capsys):
    recipe = tmp_path / "own.yaml"
    recipe.write_text(to_yaml(tiny_recipe))
    result = run_demo(tmp_path / "demo", str(recipe), training_seconds=1)
    assert re.search(r"the demo takes about \d+\.\d minutes here", capsys.readouterr().err)
    assert json.loads((tmp_path / "demo" / "report.json").read_text()) == json.loads(
        json.dumps(dataclasses.asdict(result))
    )
    assert all(0 <= getattr(result, score) <= 1 for score in SCORES)
    assert len(result.table) == 6
    assert " of 100 clips right" in result.verdict
    page = (tmp_path / "demo" / "report.html").read_text()
    assert page.count("<audio") or page.count("data:audio") >= 24
    assert "pretrained encoder" in page
    labels = result.wrong_labels
    assert (labels.n_clips, labels.n_wrong, len(labels.suspicious)) == (92, 12, 10)
    assert all(clip.file in page for clip in labels.suspicious)
    assert labels.sentence in page
    assert "http://" not in page.replace("http://www.w3.org", "")

    for name in ("report.html", "report.json", "sounds/FSDnoisy18k.audio_test/0.wav"):
        (tmp_path / "demo" / f"{name}.123.partial").touch()  # of a process that was killed
    before = (tmp_path / "demo" / "store" / "frames.npy").stat().st_mtime
    assert run_demo(tmp_path / "demo", str(recipe), training_seconds=1).knn == result.knn
    assert (tmp_path / "demo" / "store" / "frames.npy").stat().st_mtime == before
    assert not list((tmp_path / "demo").rglob("*.partial"))
    assert "the demo takes about" not in capsys.readouterr().err
