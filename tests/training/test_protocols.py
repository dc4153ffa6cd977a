"""The table that says what training gave, on sounds that anybody can tell apart."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import balanced_accuracy
from soundalike.training.protocols import (
    PROTOCOLS,
    Patches,
    evaluate,
    log_mel_statistics,
    untrained_twin,
)


@pytest.fixture(scope="module")
def ear(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture(scope="module")
def found(ear, store):
    return evaluate(ear, store, evaluation_splits(store), progress=False)


def test_every_table_holds_what_training_must_beat(found):
    assert [(row["protocol"], row["representation"]) for row in found["rows"]] == [
        (protocol, representation)
        for protocol in ("linear", "knn")
        for representation in ("log-mel statistics", "untrained encoder", "pretrained encoder")
    ]


def test_every_labelled_clip_is_tested_once(found, store):
    assert sorted(found["test_clips"]) == list(range(24))
    assert found["labels"].tolist() == [
        found["classes"].index(store.clips.rows["label"][clip]) for clip in found["test_clips"]
    ]


def test_scores_are_those_of_the_predictions(found):
    for row in found["rows"]:
        expected = balanced_accuracy(found["labels"], row["predictions"])
        assert row["balanced_accuracy"] == expected
        assert row["interval"][0] <= expected <= row["interval"][1]
        assert np.trace(row["confusion"]) == (row["predictions"] == found["labels"]).sum()
        assert np.mean(list(row["per_class"].values())) == pytest.approx(expected)


def test_easy_sounds_are_told_apart(found):
    best = {row["representation"]: row for row in found["rows"] if row["protocol"] == "linear"}
    assert best["log-mel statistics"]["balanced_accuracy"] > 0.9
    assert best["pretrained encoder"]["balanced_accuracy"] > 0.9


def test_the_same_seed_gives_the_same_table(ear, store, found):
    again = evaluate(ear, store, evaluation_splits(store), progress=False)
    for ours, theirs in zip(again["rows"], found["rows"], strict=True):
        assert np.array_equal(ours["predictions"], theirs["predictions"])


def test_log_mel_statistics_are_taken_over_time_band_by_band(ear, store):
    statistics, clips = log_mel_statistics(ear, store)
    assert torch.equal(clips, torch.arange(24))
    log_mel = (store.of_clip(5) - ear.mean) / ear.std
    for band in (0, 50, 95):
        values = log_mel[:, band].tolist()
        mean = sum(values) / len(values)
        steps = [abs(b - a) for a, b in itertools.pairwise(values)]
        expected = [
            mean,
            (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5,
            min(values),
            max(values),
            sum(steps) / len(steps),
        ]
        assert statistics[5, band::96].tolist() == pytest.approx(expected, abs=1e-4)


def test_the_untrained_twin_is_calibrated_and_otherwise_random(ear, store):
    twin = untrained_twin(ear, store, seed=0)
    assert not torch.equal(twin.encoder.conv1.weight, ear.encoder.conv1.weight)
    assert torch.equal(
        twin.encoder.conv1.weight, untrained_twin(ear, store, seed=0).encoder.conv1.weight
    )
    assert not torch.equal(twin.encoder.bn1.running_mean, torch.zeros(4))
    h, _ = twin.of_store(store)
    assert h.std() > 0.01
    assert (twin.mean, twin.std, twin.log_mel) == (ear.mean, ear.std, ear.log_mel)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_finds_what_lies_apart(protocol):
    rng = np.random.default_rng(0)

    def patches(n_clips):
        labels = np.arange(n_clips) % 3
        clips = np.repeat(np.arange(n_clips), 4)
        h = np.eye(3)[labels[clips]] * 4 + rng.standard_normal((len(clips), 3)) * 0.3
        return Patches(
            torch.tensor(h, dtype=torch.float32), torch.from_numpy(clips), torch.from_numpy(labels)
        )

    train, validation, test = patches(30), patches(9), patches(12)
    predicted = PROTOCOLS[protocol](train, validation, test, 3, 0)
    assert predicted.tolist() == test.labels.tolist()
    assert PROTOCOLS[protocol](train, None, test, 3, 0).tolist() == test.labels.tolist()


def test_test_clips_do_not_reach_the_training_of_the_probe(ear, store):
    """The test clips' labels can be anything: predictions for them stay what they are."""
    split = Split("x", np.arange(0, 24, 2), np.zeros(0, int), np.arange(1, 24, 2))
    clean = evaluate(ear, store, [split], progress=False)
    rows = store.clips.rows.copy()
    rows.loc[split.test, "label"] = rows.loc[split.test, "label"].to_numpy()[::-1]
    swapped = replace(store, clips=ClipTable("x", rows))
    for ours, theirs in zip(
        evaluate(ear, swapped, [split], progress=False)["rows"], clean["rows"], strict=True
    ):
        assert np.array_equal(ours["predictions"], theirs["predictions"])
