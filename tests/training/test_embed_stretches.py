"""Embeddings of stretches of clips."""

import numpy as np
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder
from soundalike.training.embed_stretches import embed_stretches

SETTINGS = {"name": "band_cnn", "channels": [4, 8]}


def test_a_stretch_has_the_embedding_that_it_has_alone(store, capsys):
    torch.manual_seed(0)
    standardization = Standardization(-3.0, 1.5)
    encoder, windows = build_encoder(SETTINGS, 96), Windows.half_overlapping(101, 101)
    model = SoundEncoder(encoder, SETTINGS, LogMel(), standardization, windows).eval()
    parts = np.array([[store.offsets[clip] + clip, 101] for clip in (2, 0, 5)])
    h = embed_stretches(model, store, parts, name="x", unit="windows", progress=False)
    with torch.no_grad():
        for vector, (first, n_frames) in zip(h, parts, strict=True):
            log_mel = torch.tensor(store.frames[first : first + n_frames]).float()
            alone = model.encoder(standardization(log_mel)[None, None])[0]
            assert torch.allclose(torch.from_numpy(vector), alone, atol=1e-5)
    assert capsys.readouterr().err == ""
