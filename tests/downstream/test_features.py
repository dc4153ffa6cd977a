"""Representations of clips, and selecting some clips."""

import itertools

import numpy as np
import pytest
import torch

from soundalike.datasets import store as store_module
from soundalike.datasets.labels import Labels
from soundalike.downstream.features import (
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.embedding.window_embeddings import encode_windows


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


def test_selected_clips_are_renumbered_in_their_order():
    labels = Labels(np.array([5, 6, 7, 8]), list("abcdefghi"))
    windows = torch.tensor([0, 0, 1, 2, 2, 2, 3])
    features = Features(torch.arange(7.0)[:, None], windows, labels, np.arange(len(labels)))
    chosen = features.select(np.array([2, 0]))
    assert chosen.labels.values.tolist() == [7, 5]
    assert chosen.vectors[:, 0].tolist() == [3, 4, 5, 0, 1]
    assert chosen.clips.tolist() == [0, 0, 0, 1, 1]
    assert features.select(np.array([3])).clips.tolist() == [0]
    assert len(features.select(np.zeros(0, dtype=np.int64)).vectors) == 0


def test_log_mel_statistics_are_over_time_per_band(model, store):
    statistics = log_mel_statistics(model, store)
    assert torch.equal(statistics.clips, torch.arange(24))
    log_mel = model.standardization(store.of_clip(5))
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
        assert statistics.vectors[5, band::96].tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("block_frames", [7, 50])
def test_statistics_and_patches_do_not_depend_on_the_blocks(
    model, store, monkeypatch, block_frames
):
    """A clip shorter than a block has the statistics of the whole, bit by bit."""
    whole = log_mel_statistics(model, store).vectors
    for index, vector in enumerate(whole):
        x = model.standardization(store.of_clip(index))
        steps = np.abs(np.diff(x, axis=0))
        by_definition = [x.mean(0), x.std(0), x.min(0), x.max(0), steps.mean(0)]
        assert (vector.numpy() == np.concatenate(by_definition)).all()
    twin = untrained_twin(model, store, 0)
    monkeypatch.setattr(store_module, "BLOCK_FRAMES", block_frames)
    assert torch.allclose(log_mel_statistics(model, store).vectors, whole, atol=1e-5)
    assert untrained_twin(model, store, 0).fingerprint() == twin.fingerprint()


def test_embedding_does_not_change_the_model(model, store):
    """Batch norm included: statistics and outputs stay the same."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = embeddings(model, store)
    again = embeddings(model, store.select(np.arange(24)))
    assert torch.equal(first.vectors, again.vectors)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module.training for module in model.modules())


def test_features_know_whether_they_are_whitened(model, store):
    assert not embeddings(model, store).is_whitened
    h = embeddings(model, store).vectors
    by_itself = model.with_encoder(model.encoder, Whitening.of(h, 8))
    assert embeddings(by_itself, store).select(np.arange(3)).is_whitened


def test_clips_can_be_embedded_at_several_levels(model, store):
    some = store.select(np.array([3, 11]))
    features = embeddings(model, some, [-6, 0, 6])
    plain = embeddings(model, some)
    assert features.clips.tolist() == sorted(3 * plain.clips.tolist())
    for clip in (0, 1):
        at_levels = features.vectors[features.clips == clip].chunk(3)
        assert torch.equal(at_levels[1], plain.vectors[plain.clips == clip])
        (louder,) = encode_windows(model, [[some.of_clip(clip) + np.float32(0.6)]])
        torch.testing.assert_close(at_levels[2].numpy(), louder.vectors)


def test_the_untrained_twin_is_calibrated_and_otherwise_random(model, store):
    twin = untrained_twin(model, store, seed=0)
    assert not torch.equal(twin.encoder.conv1.weight, model.encoder.conv1.weight)
    assert torch.equal(
        twin.encoder.conv1.weight, untrained_twin(model, store, seed=0).encoder.conv1.weight
    )
    assert not torch.equal(twin.encoder.bn1.running_mean, torch.zeros(4))
    assert embeddings(twin, store).vectors.std() > 0.01
    assert (twin.standardization, twin.windows) == (model.standardization, model.windows)


@pytest.mark.parametrize("features_of", [embeddings, log_mel_statistics])
def test_every_clip_is_reported_once(features_of, model, store):
    reports = []
    features_of(model, store, report=lambda clips: reports.extend(clips.tolist()))
    assert sorted(reports) == [*range(24)]
