"""Classifying clips by what a model hears, on sounds that anybody can tell apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.downstream.features import Features, embeddings
from soundalike.downstream.protocols import (
    PROTOCOLS,
    evaluate,
    linear_evaluation,
)
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import balanced_accuracy, score

NOTHING = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture(scope="module")
def splits(store):
    return evaluation_splits(store)


@pytest.fixture(scope="module")
def found(model, store, splits):
    return evaluate(model, store, splits, progress=False)


def labels_of(store, splits):
    labels = store.clips.labels().values
    return labels[np.concatenate([split.test for split in splits])]


def test_every_table_holds_what_training_must_beat(found):
    assert sorted(found) == [
        (protocol, representation)
        for protocol in ("knn", "linear")
        for representation in ("log-mel statistics", "pretrained encoder", "untrained encoder")
    ]
    assert all(scores.shape == (24, 3) for scores in found.values())
    assert all(np.allclose(scores.sum(axis=1), 1, atol=1e-5) for scores in found.values())


def test_easy_sounds_are_told_apart(found, store, splits):
    labels = labels_of(store, splits)
    assert score(labels, found["linear", "log-mel statistics"]) > 0.9
    assert score(labels, found["linear", "pretrained encoder"]) > 0.9


def test_the_same_seed_gives_the_same_scores(model, store, splits, found):
    again = evaluate(model, store, splits, progress=False)
    assert all(np.array_equal(again[key], found[key]) for key in found)


def patches_of(labels, seed=0):
    """Return four patches a clip that lie near a corner of their class."""
    rng = np.random.default_rng(seed)
    clips = np.repeat(np.arange(len(labels)), 4)
    h = labels[clips] * 4 + rng.standard_normal((len(clips), labels.shape[1])) * 0.3
    return Features(torch.tensor(h, dtype=torch.float32), torch.from_numpy(clips))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("validation", [np.arange(30, 39), NOTHING])
def test_every_protocol_finds_what_lies_apart(protocol, validation):
    labels = np.arange(51) % 3
    split = Split("x", np.arange(30), validation, np.arange(39, 51))
    scores = PROTOCOLS[protocol](patches_of(np.eye(3)[labels]), labels, 3, split, 0)
    assert scores.argmax(axis=1).tolist() == labels[split.test].tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_finds_several_classes_of_a_clip(protocol):
    labels = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 1]], np.float32)[np.arange(60) % 4]
    split = Split("x", np.arange(40), np.arange(40, 48), np.arange(48, 60))
    scores = PROTOCOLS[protocol](patches_of(labels), labels, 3, split, 0)
    assert score(labels[split.test], scores) == pytest.approx(1.0)


def test_a_class_that_has_no_clip_here_still_has_a_column():
    labels = np.arange(30) % 2
    split = Split("x", np.arange(20), NOTHING, np.arange(20, 30))
    for protocol in PROTOCOLS.values():
        assert protocol(patches_of(np.eye(2)[labels]), labels, 3, split, 0).shape == (10, 3)


def test_test_clips_do_not_reach_the_training_of_the_probe(model, store):
    """The test clips' labels can be anything: what is said of them stays what it is."""
    split = Split("x", np.arange(0, 24, 2), NOTHING, np.arange(1, 24, 2))
    rows = store.clips.rows.copy()
    rows.loc[split.test, "label"] = rows.loc[split.test, "label"].to_numpy()[::-1]
    swapped = replace(store, clips=ClipTable("x", rows))
    clean = evaluate(model, store, [split], progress=False)
    for key, scores in evaluate(model, swapped, [split], progress=False).items():
        assert np.array_equal(scores, clean[key])


def test_linear_evaluation_is_the_paper_s_on_h_as_it_comes(model, store):
    """Against torch's own linear layer and SGD, on the same patches in the same order."""
    split = Split("x", np.arange(0, 24, 2), NOTHING, np.arange(1, 24, 2))
    one_patch = store.select(np.arange(24))
    one_patch = replace(one_patch, n_frames=np.full(24, model.patch_frames))
    outcome = linear_evaluation(model, one_patch, split, n_epochs=5, seed=0)

    h = embeddings(model, one_patch).h
    labels = torch.from_numpy(one_patch.clips.labels().values)
    layer = torch.nn.Linear(model.dim, 3)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], gamma=0.1)
    for _ in range(5):  # twelve clips are one batch, so their order does not matter
        loss = F.cross_entropy(layer(h[split.train]), labels[split.train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    expected = layer(h[split.test]).softmax(dim=1).detach().numpy()
    assert outcome.scores == pytest.approx(expected, abs=1e-5)
    assert outcome.test_score == balanced_accuracy(labels[split.test], expected.argmax(axis=1))
    assert (outcome.epoch, outcome.validation_score) == (5, None)
