"""The commands from the first to the last, each with its numbers in a file."""

import json

import numpy as np
import pandas as pd
import pytest

from soundalike.cli.commands import DONE
from soundalike.cli.main import main
from soundalike.embedding.sound_encoder import SoundEncoder

TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim=16", "--head.out_dim", "16",
    "--training.batch_size", "10", "--training.precision=32-true",
]  # fmt: skip
QUICK = [
    "--training.n_epochs", "3", "--training.batch_size", "10", "--schedule.milestones", "[2]",
    "--training.precision=32-true",
]  # fmt: skip


@pytest.fixture
def done(tmp_path, capsys):
    """Run a command to its end; return its numbers and the last line it prints."""
    numbers = tmp_path / "deep" / "numbers.json"

    def run(*words):
        assert main([str(word) for word in (*words, "--json", numbers)]) == DONE
        assert [path.name for path in numbers.parent.iterdir()] == ["numbers.json"]
        return json.loads(numbers.read_text()), capsys.readouterr().out.splitlines()[-1]

    return run


def test_the_whole_way(done, sound_folder, tmp_path):
    """Scan, prepare, pretrain, evaluate, classify and embed."""
    found, _ = done("scan", sound_folder)
    assert (found["n_clips"], found["labels"]) == (24, {"high": 8, "low": 8, "middle": 8})

    store, run = tmp_path / "store", tmp_path / "run"
    prepared, last = done("prepare", sound_folder, "--out", store, "--workers", 1)
    assert (prepared["n_clips"], prepared["n_problems"]) == (24, 0)
    assert prepared["store"] == str(store)
    assert last == f"24 clips, 0.01 h in {store}"

    trained, last = done("pretrain", store, "--out", run, *TINY, "--training.n_epochs", 2)
    assert (trained["n_steps"], trained["n_steps_done"], trained["run"]) == (6, 6, str(run))
    assert last == f"trained for 6 steps: {run / 'encoder'}"
    assert (trained["verdict"], trained["alarms"]) == ("too early to tell", {})
    assert "Too early to tell" in (run / "health.html").read_text()

    evaluated, _ = done("evaluate", run, store, "--protocol", "linear")
    assert [row["protocol"] for row in evaluated["rows"]] == ["linear"] * 3
    assert evaluated["n_test_clips"] == 24

    named = tmp_path / "named.csv"
    counts, last = done("classify", run, sound_folder, "--out", named, "--threshold", 0)
    assert (counts["n_clips"], counts["n_unsure"]) == (24, 0)
    assert last == f"24 clips in {named}, 0 unsure (below 0.00)"
    assert set(pd.read_csv(named)["class"]) <= {"high", "low", "middle"}

    windows, last = done("classify", run, sound_folder, "--out", named, "--windows")
    assert last.startswith(f"{windows['n_rows']} windows of 24 clips in {named}")

    rows = tmp_path / "rows.parquet"
    embedded, last = done("embed", run, sound_folder, "--out", rows)
    assert last == f"{embedded['n_windows']} windows of 24 clips in {rows}"
    vectors = np.stack(pd.read_parquet(rows)["vector"])
    assert len(vectors) == embedded["n_windows"] == windows["n_rows"]

    done("embed", run, sound_folder, "--out", rows, "--precision", 32)
    exact = np.stack(pd.read_parquet(rows)["vector"])
    assert np.diag(SoundEncoder.similarity(vectors, exact)).min() > 0.999
    clip = sorted(sound_folder.rglob("*.wav"))[0]
    of_clip = exact[pd.read_parquet(rows)["path"] == str(clip)].mean(axis=0)
    assert np.allclose(of_clip, SoundEncoder.from_pretrained(run).encode(clip), atol=1e-5)


def test_views_to_look_at_before_training(done, sound_folder, store, tmp_path):
    page = tmp_path / "pages" / "views.html"
    for source in (sound_folder, store.path):
        words = ["--out", page, "--pairs", 2, "--seed", 5, "--views.blur", "{}"]
        numbers, last = done("views", source, *words)
        assert numbers == {
            "n_clips": 24, "n_pairs": 2, "n_silent_patches": 0, "page": str(page),
        }  # fmt: skip
        assert last == f"open {page}"
        shown = page.read_text()
        assert shown.count("<b>blur</b>") == 4
        assert shown.count("<figcaption>") == 2 * 6


def test_fine_tuning_against_scratch_and_the_classifier_it_leaves(
    done, run, sound_folder, store, tmp_path
):
    out = tmp_path / "tuned"
    words = ["evaluate", run.path, store.path, "--protocol", "finetune", "--out", out, *QUICK]
    results, _ = done(*words)
    assert [row["representation"] for row in results["rows"]] == [
        "from scratch",
        "pretrained encoder",
    ]
    predictions = pd.read_csv(out / "predictions.csv")
    assert {"finetune, from scratch", "finetune, pretrained encoder"} <= set(predictions)
    assert (predictions["path"].value_counts() == 1).all()
    assert len(predictions) == 24
    counts, _ = done("classify", out, sound_folder, "--out", tmp_path / "named.csv")
    assert counts["n_clips"] == 24
    began = (out / "finetune" / "metrics.csv").stat().st_mtime_ns
    assert done(*words)[0] == results, "what was trained is not trained again"
    assert SoundEncoder.from_pretrained(out / "finetune").dim == 32
    assert (out / "finetune" / "metrics.csv").stat().st_mtime_ns >= began


def test_few_labels_are_for_an_ear_alone(done, run, store, tmp_path):
    # At one level: a model that has hardly learned anything does not know sounds at another again.
    words = ["--protocol", "finetune", "--recipe", "few_labels", "--training.gain_db", "0"]
    results, _ = done("evaluate", run.path, store.path, *words, "--out", tmp_path / "tuned")
    (row,) = results["rows"]
    assert row["representation"] == "pretrained encoder"
    assert row["score"] > 0.9


def test_the_clean_task_learns_from_validation_alone(done, run, sound_folder, tmp_path):
    """Labels of the split train can be anything at all: the clean task does not look at them."""
    rows = []
    for number, path in enumerate(sorted(sound_folder.rglob("*.wav"))):
        split = ("train", "validation", "validation", "test")[number % 4]
        label = path.parent.name if split != "train" else "low"
        rows.append({"path": path, "label": label, "split": split})
    manifest = tmp_path / "clips.csv"
    pd.DataFrame(rows).to_csv(manifest, index=False)
    words = ["evaluate", run.path, manifest, "--protocol", "linear"]
    clean, _ = done(*words, "--task", "clean", "--out", tmp_path / "clean")
    noisy, _ = done(*words, "--out", tmp_path / "noisy")
    score = {row["representation"]: row["score"] for row in clean["rows"]}
    assert score["log-mel statistics"] > 0.8
    assert all(row["score"] == pytest.approx(1 / 3) for row in noisy["rows"])


def test_going_on_from_an_ear(done, run, store, tmp_path):
    """With nothing to learn, the model that comes out is the one that went in."""
    words = ["pretrain", store.path, "--out", tmp_path / "on", "--init", run.path, *TINY[:2]]
    words += ["--head.hidden_dim=16", "--head.out_dim=16", "--training.n_epochs", 1]
    words += ["--training.batch_size", 10, "--optimizer.lr", 0, "--optimizer.weight_decay", 0]
    done(*words)
    before, after = (SoundEncoder.from_pretrained(path) for path in (run.path, tmp_path / "on"))
    assert (after.mean, after.std) == (before.mean, before.std)
    assert after.encoder_settings == before.encoder_settings
    for name, value in before.encoder.named_parameters():
        assert np.array_equal(after.encoder.get_parameter(name).detach(), value.detach()), name


def test_clips_with_several_labels(done, run, sound_folder, tmp_path, capsys):
    """Binary cross entropy and mAP instead of cross entropy and accuracy, all the way."""
    rows = []
    for number, path in enumerate(sorted(sound_folder.rglob("*.wav"))):
        label = f"{path.parent.name};long" if int(path.stem) >= 4 else path.parent.name
        rows.append({"path": path, "label": label, "fold": number % 3})
    manifest = tmp_path / "clips.csv"
    pd.DataFrame(rows).to_csv(manifest, index=False)
    found, _ = done("scan", manifest)
    assert found["labels"] == {"long": 12, "high": 8, "low": 8, "middle": 8}

    out = tmp_path / "out"
    results, _ = done("evaluate", run.path, manifest, "--out", out)
    assert results["metric"] == "mAP"
    best = max(row["score"] for row in results["rows"])
    assert best > 0.8
    tuned, _ = done("evaluate", run.path, manifest, "--protocol", "finetune", "--out", out, *QUICK)
    assert all(0 < row["score"] <= 1 for row in tuned["rows"])

    named = tmp_path / "named.csv"
    done("classify", out / "linear", manifest, "--out", named, "--threshold", 0.5)
    classes = {name for names in pd.read_csv(named)["class"] for name in names.split(";")}
    assert {"high", "low", "middle"} <= classes <= {"high", "low", "middle", "long", "unsure"}
