"""The ear in one piece: what it saves, loads and hears."""

import json

import numpy as np
import pytest
import soundfile
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.patches import patch_starts
from soundalike.embedding.sound_encoder import ModelError, SoundEncoder
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture(scope="module")
def ear():
    torch.manual_seed(0)
    return SoundEncoder(build_encoder(SETTINGS), SETTINGS, LogMel(), 101, -3.0, 2.0).eval()


def h_in_loops(ear, log_mel):
    """Embed a clip patch by patch, by the definition."""
    rows = []
    for start in patch_starts(len(log_mel), 101, 50):
        patch = torch.from_numpy(log_mel[start : start + 101])
        with torch.no_grad():
            rows.append(ear.encoder(((patch + 3.0) / 2.0)[None, None])[0].numpy())
    return np.stack(rows)


def test_a_clip_s_embedding_is_the_mean_over_its_patches(ear, sound_folder):
    path = sound_folder / "low" / "7.wav"
    expected = h_in_loops(ear, ear.log_mel.of_file(path)).mean(axis=0)
    assert np.allclose(ear.encode(path), expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_batches_do_not_matter(ear, sound_folder, batch_size):
    paths = sorted(sound_folder.glob("*/*.wav"))[:5]
    together = ear.encode(paths, batch_size=batch_size)
    assert together.shape == (5, ear.dim)
    alone = np.stack([ear.encode(path) for path in paths])
    assert np.allclose(together, alone, atol=1e-5)


def test_a_waveform_sounds_as_its_file(ear, sound_folder):
    path = sound_folder / "high" / "3.wav"
    waveform, rate = soundfile.read(path, dtype="float32")
    assert np.allclose(ear.encode(waveform, rate), ear.encode(path), atol=1e-5)
    stereo = np.stack([waveform, waveform], axis=1)
    assert np.allclose(ear.encode([stereo], rate)[0], ear.encode(path), atol=1e-5)


def test_level_does_not_matter(ear, sound_folder):
    waveform, rate = soundfile.read(sound_folder / "low" / "1.wav", dtype="float32")
    loud, soft = ear.encode([waveform, 0.3 * waveform], rate, normalize=True)
    assert loud @ soft > 0.999


def test_normalised_embeddings_have_unit_length(ear, sound_folder):
    embeddings = ear.encode(sorted(sound_folder.glob("low/*.wav")), normalize=True)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    similarity = ear.similarity(embeddings, embeddings)
    assert np.allclose(np.diag(similarity), 1, atol=1e-5)
    assert np.allclose(similarity, similarity.T, atol=1e-5)


def test_what_cannot_be_a_waveform_is_refused(ear):
    for waveform, rate in (
        (np.zeros(0), 22050),
        (np.full(9, np.nan), 22050),
        (np.zeros((2, 2, 2)), 22050),
        (np.zeros(9), None),
    ):
        with pytest.raises(ValueError, match="encode needs"):
            ear.encode(waveform, rate)


def test_save_and_load_keep_every_number(ear, sound_folder, tmp_path):
    ear.save(tmp_path / "model")
    loaded = SoundEncoder.load(tmp_path / "model")
    path = sound_folder / "middle" / "2.wav"
    assert np.array_equal(loaded.encode(path), ear.encode(path))
    assert (loaded.mean, loaded.std, loaded.patch_frames) == (ear.mean, ear.std, 101)
    assert loaded.log_mel == ear.log_mel
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_the_patches_of_a_store(ear, store):
    h, clips = ear.of_store(store)
    for index in (0, 11, 23):
        expected = h_in_loops(ear, store.of_clip(index))
        assert np.allclose(h[clips == index].numpy(), expected, atol=1e-5)


def test_encoding_leaves_the_network_as_it_is(ear, sound_folder):
    before = {name: t.clone() for name, t in ear.state_dict().items()}
    ear.train()
    ear.encode(sound_folder / "low" / "1.wav")
    assert not ear.training
    assert all(torch.equal(t, before[name]) for name, t in ear.state_dict().items())


def test_a_model_that_is_not_there_or_damaged_is_named(ear, tmp_path):
    with pytest.raises(ModelError, match="no model there"):
        SoundEncoder.from_pretrained(tmp_path)
    ear.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for change, said in (
        ({"encoder": {"name": "resnet18", "width": 5}}, "size mismatch|Error"),
        ({"encoder": {"name": "no such"}}, "no such"),
        ({"log_mel": {"n_bands": 3}}, "n_bands"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(ModelError, match=said):
            SoundEncoder.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        SoundEncoder.from_pretrained(tmp_path)
