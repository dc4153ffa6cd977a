"""The whitening of a model by what it heard."""

import dataclasses

import numpy as np
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.downstream.features import embeddings, untrained_twin
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder
from soundalike.training import whitening as room
from soundalike.training.whitening import whitened

SETTINGS = {"name": "band_cnn", "channels": [4, 8]}


def new_ear(window_frames=None):
    torch.manual_seed(0)
    return SoundEncoder(
        build_encoder(SETTINGS, 96), SETTINGS, LogMel(), 101, -3.0, 1.5, window_frames
    ).eval()


def test_what_was_heard_varies_alike(store):
    model = new_ear()
    white = whitened(model, store, n_components=8, seed=0)
    raw, h = embeddings(model, store).h, embeddings(white, store).h
    assert white.dim == h.shape[1] == 8
    assert torch.allclose(h.square().mean(dim=1), torch.ones(len(h)), atol=1e-4)
    ours, theirs = (np.linalg.eigvalsh(np.cov(x.T))[::-1][:8] for x in (h, raw))
    assert ours.max() / ours.min() < theirs.max() / theirs.min() / 2
    assert model.whitening is None


def test_the_same_seed_draws_the_same_windows_and_another_one_others(store, monkeypatch):
    monkeypatch.setattr(room, "N_WINDOWS", 10)
    one, again, other = (whitened(new_ear(), store, 4, seed) for seed in (0, 0, 1))
    assert torch.equal(one.whitening.axes, again.whitening.axes)
    assert not torch.equal(one.whitening.axes, other.whitening.axes)


def test_all_windows_are_drawn_where_there_are_few(store, monkeypatch):
    model, heard = new_ear(), embeddings(new_ear(), store).h
    monkeypatch.setattr(room, "N_WINDOWS", len(heard))
    assert torch.allclose(
        whitened(model, store, 4, seed=0).whitening.center, heard.mean(0), atol=1e-5
    )


def test_a_long_recording_is_many_windows(store):
    frames = np.random.default_rng(0).normal(-3, 1, (3030, 96)).astype(np.float16)
    long = dataclasses.replace(
        store.select(np.array([0])),
        frames=frames,
        offsets=np.array([0]),
        n_frames=np.array([len(frames)]),
    )
    assert whitened(new_ear(), long, n_components=512, seed=0).dim == 58


def test_an_untrained_twin_is_not_whitened_by_what_another_learned(store):
    white = whitened(new_ear(), store, n_components=8, seed=0)
    assert untrained_twin(white, store, seed=0).whitening is None
