"""The protocols on a frozen encoder, with easily distinguished sounds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.downstream.features import Features
from soundalike.downstream.protocols import PROTOCOLS, score_representations
from soundalike.downstream.representations import representations
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import score

NOTHING = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture(scope="module")
def splits(store):
    return evaluation_splits(store)


@pytest.fixture(scope="module")
def features(model, store, splits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    return representations(model, store, splits[0].train, 0, folder)


@pytest.fixture(scope="module")
def scores(features, splits):
    return scores_of(features, splits)


def scores_of(features, splits):
    results = score_representations(features, splits, progress=False)
    return {key: out_of_fold.scores for key, out_of_fold in results.items()}


def labels_of(store, splits):
    labels = store.clips.labels().values
    return labels[np.concatenate([split.test for split in splits])]


def test_every_table_has_the_baselines(scores):
    assert sorted(scores) == [
        (protocol, representation)
        for protocol in ("knn", "linear")
        for representation in ("log-mel statistics", "pretrained encoder", "untrained encoder")
    ]
    assert all(values.shape == (24, 3) for values in scores.values())
    assert all(np.allclose(values.sum(axis=1), 1, atol=1e-5) for values in scores.values())


def test_easy_classes_are_separated(scores, store, splits):
    labels = labels_of(store, splits)
    assert score(labels, scores["linear", "log-mel statistics"]) > 0.9
    assert score(labels, scores["linear", "pretrained encoder"]) > 0.9


def test_the_same_seed_gives_the_same_scores(model, store, splits, scores, tmp_path):
    again = scores_of(representations(model, store, splits[0].train, 0, tmp_path), splits)
    assert all(np.array_equal(again[key], scores[key]) for key in scores)


def features_of(labels, is_multi_label=False, seed=0):
    """Return four windows per clip, near the corner of its classes."""
    rng = np.random.default_rng(seed)
    clips = np.repeat(np.arange(len(labels)), 4)
    h = labels[clips] * 4 + rng.standard_normal((len(clips), labels.shape[1])) * 0.3
    values = labels if is_multi_label else labels.argmax(axis=1)
    vectors = torch.tensor(h, dtype=torch.float32)
    labels = Labels(values, ["a", "b", "c"])
    return Features(vectors, torch.from_numpy(clips), labels, np.arange(len(values)))


def scores_on_test(protocol, features, split):
    return PROTOCOLS[protocol](features, split, seed=0).scores(features.select(split.test))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("validation", [np.arange(30, 39), NOTHING])
def test_every_protocol_separates_separable_classes(protocol, validation):
    labels = np.arange(51) % 3
    split = Split("x", np.arange(30), validation, np.arange(39, 51))
    scores = scores_on_test(protocol, features_of(np.eye(3)[labels]), split)
    assert scores.argmax(axis=1).tolist() == labels[split.test].tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_predicts_several_classes_of_a_clip(protocol):
    labels = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 1]], np.float32)[np.arange(60) % 4]
    split = Split("x", np.arange(40), np.arange(40, 48), np.arange(48, 60))
    scores = scores_on_test(protocol, features_of(labels, is_multi_label=True), split)
    assert score(labels[split.test], scores) == pytest.approx(1.0)


def test_a_class_without_clips_has_a_column():
    labels = np.arange(30) % 2
    split = Split("x", np.arange(20), NOTHING, np.arange(20, 30))
    for protocol in PROTOCOLS:
        features = features_of(np.eye(3)[labels])
        assert scores_on_test(protocol, features, split).shape == (10, 3)


def test_test_clips_do_not_influence_the_probe(model, store, tmp_path):
    """Changing the labels of test clips does not change their predictions."""
    split = Split("x", np.arange(0, 24, 2), NOTHING, np.arange(1, 24, 2))
    rows = store.clips.rows.copy()
    rows.loc[split.test, "label"] = rows.loc[split.test, "label"].to_numpy()[::-1]
    swapped = replace(store, clips=ClipTable("x", rows))
    expected, swapped_scores = (
        scores_of(representations(model, each, split.train, 0, tmp_path), [split])
        for each in (store, swapped)
    )
    for key, values in swapped_scores.items():
        assert np.array_equal(values, expected[key])
