"""Finding wrong labels, with errors whose number and places are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from conftest import RATE, tone

from soundalike.datasets import synthetic
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.labels import Labels
from soundalike.downstream.features import Features
from soundalike.paper.rows import PaperError
from soundalike.paper.run import run_paper
from soundalike.paper.wrong_labels import UNVERIFIED, WRONG, find_wrong_labels, known_of, why_not

TONES = {"low": 200, "middle": 1000, "high": 5000}


def rows_of(labels, **columns):
    return pd.DataFrame({"label": labels} | columns)


def test_true_labels_say_which_are_wrong():
    rows = rows_of(
        ["cat", "dog", "dog", "cat"],
        true_label=["cat", "cat", "out_of_vocabulary:bell", "cat"],
        manually_verified=[False, False, False, True],
    )
    known = known_of(rows)
    assert known.metric == WRONG
    assert known.is_sought.tolist() == [False, True, True, False]
    assert known.is_verified.tolist() == [False, False, False, True]
    assert known.noise_rate == pytest.approx(2 / 3)


def test_without_them_verified_labels_are_known_to_be_right():
    known = known_of(rows_of(["cat", "dog", "cat"], manually_verified=[0, 1, 0]))
    assert known.metric == UNVERIFIED
    assert known.is_sought.tolist() == [True, False, True]
    assert known.noise_rate is None


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"manually_verified": [1, 1]},
        {"true_label": ["cat", "dog"], "manually_verified": [0, 1]},
    ],
)
def test_where_nothing_is_known_or_nothing_is_wrong_the_line_says_what_to_do(columns):
    with pytest.raises(PaperError, match=r"not known which labels are wrong: .*--label_noise"):
        known_of(rows_of(["cat", "dog"], **columns))


@pytest.fixture(scope="module")
def clips():
    """Features of 240 clips in three clusters, and their rows; 40 of the first 160 are wrong."""
    rng = np.random.default_rng(0)
    truth = np.arange(240) % 3
    labels = truth.copy()
    wrong = rng.permutation(160)[:40]
    labels[wrong] = (truth[wrong] + rng.integers(1, 3, 40)) % 3
    vectors = 4 * np.eye(3, 8)[truth] + rng.standard_normal((240, 8))
    names = np.array(["a", "b", "c"])
    features = Features(
        torch.from_numpy(vectors).float(), torch.arange(240),
        Labels(labels, [*names], np.arange(240) >= 160), np.arange(240),
    )  # fmt: skip
    rows = rows_of(names[labels], true_label=names[truth], manually_verified=np.arange(240) >= 160)
    return features, rows


def test_an_audit_of_clusters_finds_the_wrong_labels_and_their_share(clips):
    features, rows = clips
    numbers = find_wrong_labels("audit", features, rows, seed=0)
    assert numbers["metric"] == WRONG
    assert numbers["score"] > 0.98
    assert numbers["true_noise_rate"] == 0.25
    assert numbers["noise_rate"] == pytest.approx(0.25, abs=0.02)
    assert numbers["noise_rate_verified"] < 0.02


def test_it_is_not_told_which_labels_are_verified(clips):
    """A perfect audit suspects a quarter of the unverified labels, which are 160, and no other."""
    features, rows = clips
    numbers = find_wrong_labels("audit", features, rows.drop(columns="true_label"), seed=0)
    assert numbers["metric"] == UNVERIFIED
    assert numbers["true_noise_rate"] is None
    told = find_wrong_labels("audit", features, rows, seed=0)
    assert numbers["noise_rate_verified"] == told["noise_rate_verified"] > 0
    assert numbers["score"] == pytest.approx((1 + 0.25) / 2, abs=0.05)


def test_self_confidence_finds_them_and_estimates_nothing(clips):
    numbers = find_wrong_labels("self-confidence", *clips, seed=0)
    assert set(numbers) == {"metric", "score"}
    assert numbers["score"] > 0.9


def test_labels_of_several_classes_are_refused(clips):
    features, rows = clips
    several = replace(features, labels=Labels(features.labels.one_hot(), ["a", "b", "c"]))
    with pytest.raises(PaperError, match="every clip has one label"):
        find_wrong_labels("audit", several, rows, seed=0)
    table = ClipTable("several", rows_of(["cat;dog", "dog"], true_label=["cat;dog", "cat"]))
    assert "every clip has one label" in why_not(table)


def test_what_is_known_of_test_clips_and_of_clips_without_label_does_not_count():
    rows = rows_of(["cat", "dog", "cat", ""], true_label=["cat", "dog", "dog", "cat"])
    rows["split"] = ["train", "train", "test", "train"]
    assert "not known which labels are wrong" in why_not(ClipTable("tested", rows))
    rows["split"] = ["train", "train", "validation", "train"]
    assert why_not(ClipTable("validated", rows)) == ""


@pytest.fixture(scope="module")
def fsdnoisy18k(tmp_path_factory):
    """A folder in the layout of FSDnoisy18k; a third of the 90 labels of train_noisy is wrong."""
    root = tmp_path_factory.mktemp("fsdnoisy18k")
    parts, rng = {"train": [("0", 90), ("1", 45)], "test": [("1", 6)]}, np.random.default_rng(0)
    for part, kinds in parts.items():
        folder = root / f"FSDnoisy18k.audio_{part}"
        folder.mkdir()
        rows = []
        for verified, n_clips in kinds:
            for number in range(n_clips):
                names = [*TONES]
                is_wrong = verified == "0" and number % 9 in (0, 4, 8)
                name = f"{verified}-{number}.wav"
                frequency = TONES[names[number % 3]] * rng.uniform(1, 1.3)
                soundfile.write(folder / name, tone(frequency, 1.1, rng.integers(2**32)), RATE)
                rows.append((name, names[(number + is_wrong) % 3], verified))
        table = pd.DataFrame(rows, columns=["fname", "label", "manually_verified"])
        (root / "FSDnoisy18k.meta").mkdir(exist_ok=True)
        table.to_csv(root / "FSDnoisy18k.meta" / f"{part}.csv", index=False)
    return f"fsdnoisy18k:{root}"


def test_the_split_of_fsdnoisy18k_is_the_truth(fsdnoisy18k, tiny_budget, tmp_path):
    rows = ["log-mel statistics, self-confidence", "log-mel statistics, audit"]
    only = [f"wrong labels/{row}" for row in rows]
    result = run_paper(fsdnoisy18k, tmp_path, only, 1, "tiny", progress=False)
    confidence, audit = result.cells
    assert {cell["metric"] for cell in result.cells} == {UNVERIFIED}
    assert audit["score"] == pytest.approx((1 + 1 / 3) / 2, abs=0.1)
    assert confidence["score"] > 0.55
    assert audit["noise_rate"] == pytest.approx(1 / 3, abs=0.03)
    assert audit["noise_rate_verified"] < 0.03
    assert audit["true_noise_rate"] is None
    text = (tmp_path / "tables.md").read_text()
    assert f"| | {UNVERIFIED}, % |" in text
    assert "only which are verified" in text
    assert "“log-mel statistics, audit” estimates that 3" in text
    assert "of the labels that nobody verified are wrong, and " in text


@pytest.mark.slow
def test_of_synthetic_sounds_the_true_labels_are_the_truth(tiny_budget, tmp_path, monkeypatch):
    few = {"train_noisy": 60, "train_clean": 20, "test": 5}
    monkeypatch.setitem(synthetic.SIZES, "few", few)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    only = ["wrong labels/log-mel statistics, audit"]
    result = run_paper("synthetic:few", tmp_path / "out", only, 1, "tiny", progress=False)
    (cell,) = result.cells
    assert cell["metric"] == WRONG
    assert cell["true_noise_rate"] == 0.4
    assert cell["score"] > 0.6
    assert cell["noise_rate"] > cell["noise_rate_verified"]
    assert "are wrong (40.0% are), and " in (tmp_path / "out" / "tables.md").read_text()
