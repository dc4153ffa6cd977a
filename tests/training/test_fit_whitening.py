"""Whitening fitted to the training clips."""

import dataclasses

import numpy as np
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.downstream.features import embeddings, untrained_twin
from soundalike.embedding import pieces
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder
from soundalike.training import fit_whitening
from soundalike.training.fit_whitening import whitened

SETTINGS = {"name": "band_cnn", "channels": [4, 8]}


def new_model(window_frames=101):
    torch.manual_seed(0)
    return SoundEncoder(
        build_encoder(SETTINGS, 96),
        SETTINGS,
        LogMel(),
        Standardization(-3.0, 1.5),
        Windows.half_overlapping(window_frames, 101),
    ).eval()


def test_embeddings_of_the_training_clips_vary_equally(store):
    model = new_model()
    white = whitened(model, store, n_components=8, seed=0)
    raw, h = embeddings(model, store).vectors, embeddings(white, store).vectors
    assert white.dim == h.shape[1] == 8
    assert torch.allclose(h.square().mean(dim=1), torch.ones(len(h)), atol=1e-4)
    ours, theirs = (np.linalg.eigvalsh(np.cov(x.T))[::-1][:8] for x in (h, raw))
    assert ours.max() / ours.min() < theirs.max() / theirs.min() / 2
    assert model.whitening is None


def test_the_seed_decides_which_windows_are_drawn(store, monkeypatch):
    monkeypatch.setattr(fit_whitening, "N_WINDOWS", 10)
    one, again, other = (whitened(new_model(), store, 4, seed) for seed in (0, 0, 1))
    assert torch.equal(one.whitening.axes, again.whitening.axes)
    assert not torch.equal(one.whitening.axes, other.whitening.axes)


def test_a_small_set_gives_all_of_its_windows(store, monkeypatch):
    monkeypatch.setattr(pieces, "MOST_CONTEXT", -1)  # windows share no maps
    model, h = new_model(), embeddings(new_model(), store).vectors
    monkeypatch.setattr(fit_whitening, "N_WINDOWS", len(h))
    assert torch.allclose(whitened(model, store, 4, seed=0).whitening.center, h.mean(0), atol=1e-5)


def test_a_long_recording_gives_many_windows(store):
    frames = np.random.default_rng(0).normal(-3, 1, (3030, 96)).astype(np.float16)
    long = dataclasses.replace(
        store.select(np.array([0])),
        frames=frames,
        offsets=np.array([0]),
        n_frames=np.array([len(frames)]),
    )
    assert whitened(new_model(), long, n_components=512, seed=0).dim == 58


def test_the_ends_of_clips_are_included(store, monkeypatch):
    """Silence but for the last half second, which only an aligned window has."""
    monkeypatch.setattr(pieces, "MOST_CONTEXT", -1)  # windows share no maps
    frames = np.full((140, 96), -8, np.float16)
    frames[110:] = np.random.default_rng(0).normal(-3, 1, (30, 96))
    clips = dataclasses.replace(
        store.select(np.array([0, 1])),
        frames=np.concatenate([frames, frames[:, ::-1]]),
        offsets=np.array([0, 140]),
        n_frames=np.array([140, 140]),
    )
    model = new_model()
    model.windows = dataclasses.replace(model.windows, align_last=True)
    white = whitened(model, clips, n_components=512, seed=0)
    h = embeddings(model, clips).vectors
    assert len(h) == 4
    assert torch.allclose(white.whitening.center, h.mean(0), atol=1e-5)


def test_an_untrained_twin_has_no_whitening(store):
    white = whitened(new_model(), store, n_components=8, seed=0)
    assert untrained_twin(white, store, seed=0).whitening is None
