"""The background of a model: embeddings of a sample of its training clips."""

import dataclasses

import numpy as np
import pytest
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.downstream.features import embeddings
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import build_encoder
from soundalike.training.fit_background import with_background

SETTINGS = {"name": "band_cnn", "channels": [4, 8]}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    encoder, windows = build_encoder(SETTINGS, 96), Windows.half_overlapping(151, 101)
    whitening = Whitening.of(torch.randn(50, encoder.dim), 8)
    front_end, standardization = LogMel(), Standardization(-3.0, 1.5)
    return SoundEncoder(
        encoder, SETTINGS, front_end, standardization, windows, whitening=whitening
    ).eval()


def clips_of(vectors, features):
    """Return the clip that each vector is a window of."""
    distances = (vectors[:, None] - features.vectors).square().sum(dim=2)
    assert (distances.min(dim=1).values < 1e-3).all()
    return features.clips[distances.argmin(dim=1)].tolist()


def test_it_holds_a_window_of_each_of_some_clips(model, store):
    background = with_background(model, store, seed=0, n_sounds=9).background
    assert background.shape == (9, 8)
    clips = clips_of(background, embeddings(model, store))
    assert len(set(clips)) == 9
    assert model.background is None


def test_the_seed_decides_which_clips_are_sampled(model, store):
    one, again, other = (with_background(model, store, seed, n_sounds=9) for seed in (0, 0, 1))
    assert torch.equal(one.background, again.background)
    assert not torch.equal(one.background, other.background)


def test_silent_clips_are_left_out(model, store):
    audio = store.audio.copy()
    audio[4:] = b""
    some = dataclasses.replace(store, audio=audio)
    vectors = with_background(model, some, seed=0).background
    assert sorted(clips_of(vectors, embeddings(model, store))) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="every training clip is silent"):
        with_background(model, dataclasses.replace(store, audio=np.full_like(audio, b"")), seed=0)


def test_a_short_clip_is_embedded_as_a_model_repeats_it(model, store):
    short = dataclasses.replace(store.select(np.array([0])), n_frames=np.array([60]))
    (vector,) = with_background(model, short, seed=0).background
    assert torch.allclose(vector, embeddings(model, short).vectors[0], atol=1e-4)
