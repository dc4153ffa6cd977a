"""The model: embeddings, windows, saving and loading."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import soundalike
from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.streaming import read_log_mel
from soundalike.audio.windows import Windows
from soundalike.embedding.inference import for_inference
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import build_encoder
from soundalike.pretrained import SHIPPED_MODELS

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return SoundEncoder(
        build_encoder(SETTINGS),
        SETTINGS,
        LogMel(),
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(101),
    ).eval()


def h_in_loops(model, log_mel):
    """Embed a clip patch by patch, by the definition."""
    rows = []
    for start in range(0, len(log_mel) - 100, 50):
        patch = torch.from_numpy(log_mel[start : start + 101])
        with torch.no_grad():
            rows.append(model.encoder(((patch + 3.0) / 2.0)[None, None])[0].numpy())
    return np.stack(rows)


def test_the_embedding_of_a_clip_is_the_mean_over_its_windows(model, sound_folder):
    path = sound_folder / "low" / "7.wav"
    expected = h_in_loops(model, read_log_mel(path, model.front_end)).mean(axis=0)
    assert np.allclose(model.encode(path), expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_embeddings_do_not_depend_on_the_batch_size(model, sound_folder, batch_size):
    paths = sorted(sound_folder.glob("*/*.wav"))[:5]
    together = model.encode(paths, batch_size=batch_size)
    assert together.shape == (5, model.dim)
    alone = np.stack([model.encode(path) for path in paths])
    assert np.allclose(together, alone, atol=1e-5)


def test_a_waveform_has_the_embedding_of_its_file(model, sound_folder):
    path = sound_folder / "high" / "3.wav"
    waveform, rate = soundfile.read(path, dtype="float32")
    assert np.allclose(model.encode(waveform, rate), model.encode(path), atol=1e-5)
    stereo = np.stack([waveform, waveform], axis=1)
    assert np.allclose(model.encode([stereo], rate)[0], model.encode(path), atol=1e-5)


def test_embeddings_do_not_depend_on_the_level(model, sound_folder):
    waveform, rate = soundfile.read(sound_folder / "low" / "1.wav", dtype="float32")
    loud, soft = model.encode([waveform, 0.3 * waveform], rate, normalize=True)
    assert loud @ soft > 0.999


def test_normalized_embeddings_have_unit_length(model, sound_folder):
    embeddings = model.encode(sorted(sound_folder.glob("low/*.wav")), normalize=True)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    similarity = model.similarity(embeddings, embeddings)
    assert np.allclose(np.diag(similarity), 1, atol=1e-5)
    assert np.allclose(similarity, similarity.T, atol=1e-5)


def test_invalid_sounds_are_refused(model):
    for sounds, rate in ((np.zeros(0), 22050), (np.zeros(9), None), ([object()], 22050)):
        with pytest.raises(ValueError, match="encode "):
            model.encode(sounds, rate)
    with pytest.raises(AudioError, match="no such file"):
        model.encode(["no such file.wav"])


NOISE = np.random.default_rng(0).standard_normal(22050).astype(np.float32)


def test_a_single_sample_has_an_embedding(model):
    assert np.isfinite(model.encode([NOISE[:1], NOISE[:1]], 96000)).all()


def test_layouts_and_types_have_the_same_embedding(model):
    stereo = np.stack([0.1 * NOISE, 0.2 * NOISE[::-1]])
    integers = np.round(stereo * 32767).astype(np.int16)
    expected = model.encode(stereo.T, 22050)
    sounds = [stereo, torch.from_numpy(stereo), torch.from_numpy(stereo.T), integers, integers.T]
    assert (model.similarity(model.encode(sounds, 22050), expected[None]) > 0.99999).all()
    assert np.allclose(model.encode(iter(sounds), 22050), model.encode(sounds, 22050))
    with pytest.raises(ValueError, match="2 sounds or 2 channels"):
        model.encode(stereo, 22050)


def test_no_sounds_have_no_embeddings(model):
    assert model.encode([]).shape == (0, model.dim)


@pytest.mark.parametrize("settings", [SETTINGS, {"name": "crnn", "width": 8}], ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_in_another_precision_embeds(dtype, settings):
    torch.manual_seed(0)
    model = SoundEncoder(
        build_encoder(settings),
        settings,
        LogMel(),
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(101),
        intermediate_features=["conv1"],
    ).eval()
    h = torch.from_numpy(np.random.default_rng(0).normal(size=(20, model.dim)))
    model = model.with_encoder(model.encoder, Whitening.of(h.float(), 8)).eval()
    expected = model.encode(NOISE, 22050)
    embedding = model.to(dtype).encode(NOISE, 22050)
    assert embedding.dtype == np.float32
    assert model.similarity(embedding[None], expected[None]) > 0.99


def with_features(model, names):
    """The same network with intermediate features."""
    windows = Windows.half_overlapping(101)
    return SoundEncoder(model.encoder, SETTINGS, LogMel(), model.standardization, windows, names)


def test_threads_do_not_disturb_each_other(model):
    """Threads share one model; its intermediate features are collected while it runs."""
    deep = with_features(model, ["layer1", "layer4"]).train()
    sounds = np.random.default_rng(0).standard_normal((8, 5, 8000)).astype(np.float32)
    expected = [deep.encode(list(five), 22050) for five in sounds]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda five: deep.encode(list(five), 22050), sounds))
    assert np.allclose(results, expected, atol=1e-5)
    assert deep.training


def weights_in(folder):
    """The file of a model's weights."""
    (file,) = folder.glob("*.safetensors")
    return file


def test_the_level_of_the_front_end_is_saved_with_the_model(model, tmp_path):
    """With the peak's floor of 0.005, a clip at -60 dB has another embedding."""
    loud = copy.deepcopy(model)
    loud.front_end = LogMel(level="minute_peak")
    loud.save(tmp_path / "model")
    loaded = SoundEncoder.from_pretrained(tmp_path / "model")
    assert loaded.front_end == loud.front_end
    waveform = np.random.default_rng(0).uniform(-0.9, 0.9, 22050)
    clips = [waveform, waveform / 1000]
    assert np.diff(loaded.encode(clips, 22050), axis=0) == pytest.approx(0, abs=0.05)
    assert np.abs(np.diff(model.encode(clips, 22050), axis=0)).max() > 0.2


def test_a_saved_model_has_the_same_embeddings(model, sound_folder, tmp_path):
    model.save(tmp_path / "model")
    loaded = SoundEncoder.load(tmp_path / "model")
    path = sound_folder / "middle" / "2.wav"
    assert np.array_equal(loaded.encode(path), model.encode(path))
    assert (loaded.standardization, loaded.windows) == (model.standardization, model.windows)
    assert loaded.front_end == model.front_end
    assert loaded.fingerprint() == model.fingerprint()
    assert len(list((tmp_path / "model").iterdir())) == 2


def test_a_background_is_saved_and_changes_no_embedding(model, sound_folder, tmp_path):
    path = sound_folder / "middle" / "2.wav"
    ours = copy.deepcopy(model)
    ours.background = torch.randn(7, model.dim, generator=torch.Generator().manual_seed(0))
    for half in (False, True):
        ours.save(tmp_path / "model", half=half)
        loaded = SoundEncoder.load(tmp_path / "model")
        assert torch.allclose(loaded.background, ours.background, rtol=1e-3 * half)
        assert loaded.background.dtype == torch.float32
    ours.save(tmp_path / "model")
    loaded = SoundEncoder.load(tmp_path / "model")
    assert np.array_equal(loaded.encode(path), model.encode(path))
    assert loaded.fingerprint() == ours.fingerprint() == model.fingerprint()
    assert model.background is None
    assert loaded.with_encoder(loaded.encoder).background is None, "it is of another network"


def test_another_weight_or_setting_gives_another_fingerprint(model):
    fingerprints = {model.fingerprint()}
    other = copy.deepcopy(model)
    next(other.encoder.parameters()).data.flatten()[0] += 1e-3
    fingerprints.add(other.fingerprint())
    other = copy.deepcopy(model)
    other.windows = replace(model.windows, align_last=not model.windows.align_last)
    fingerprints.add(other.fingerprint())
    fingerprints |= {model.with_windows(2.0).fingerprint()}
    fingerprints |= {model.with_windows(2.0, 0.5).fingerprint()}
    assert len(fingerprints) == 5


def test_a_model_with_other_windows_shares_its_network(model, sound_folder):
    path = sound_folder / "low" / "7.wav"
    long = model.with_windows(1.5, 0.5)
    assert (long.windows, long.training) == (Windows(151, 50, 101), False)
    assert long.encoder is model.encoder
    expected = with_windows(model, 151)
    expected.windows = Windows(151, 50, 101)
    assert np.array_equal(long.encode(path), expected.encode(path))
    assert model.with_windows().fingerprint() == model.fingerprint()


def test_half_precision_halves_the_file_and_changes_little(model, sound_folder, tmp_path):
    model.save(tmp_path / "whole")
    model.save(tmp_path / "half", half=True)
    sizes = [weights_in(tmp_path / name).stat().st_size for name in ("whole", "half")]
    assert 0.45 < sizes[1] / sizes[0] < 0.75  # statistics and headers stay
    loaded = SoundEncoder.from_pretrained(tmp_path / "half")
    assert {value.dtype for value in loaded.encoder.parameters()} == {torch.float32}
    paths = sorted(sound_folder.glob("*/*.wav"))[:4]
    theirs, ours = loaded.encode(paths), model.encode(paths)
    assert not np.array_equal(theirs, ours)
    assert np.diag(model.similarity(theirs, ours)).min() > 0.99999


def test_a_shipped_model_is_loaded_by_name(model, tmp_path, monkeypatch):
    model.save(tmp_path / "mine")
    monkeypatch.setitem(SHIPPED_MODELS, "mine", tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")  # the name is no path
    assert SoundEncoder.from_pretrained("mine").dim == model.dim
    with pytest.raises(ModelError, match=r"yours: no model there: .*comes with soundalike: .*mine"):
        SoundEncoder.from_pretrained("yours")


def test_a_shipped_name_that_is_also_a_model_folder_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()  # of sounds, perhaps
    shipped = SoundEncoder.from_pretrained("default")
    for folder in ("default", "default/encoder"):
        model.save(folder)
        with pytest.raises(ModelError, match=r"default: both .*write \./default for the folder"):
            SoundEncoder.from_pretrained("default")
        for path in ("./default", Path("default"), tmp_path / "default"):
            assert SoundEncoder.from_pretrained(path).dim == model.dim != shipped.dim
        (tmp_path / folder / "config.json").unlink()


def test_a_clip_shorter_than_a_patch_is_repeated(model, sound_folder):
    long = with_windows(model, 201, 201)
    path = sound_folder / "low" / "0.wav"
    log_mel = read_log_mel(path, model.front_end)
    assert 67 < len(log_mel) < 201
    with torch.no_grad():
        expected = long(torch.from_numpy(np.concatenate([log_mel] * 3)[None, :201]))[0].numpy()
    assert np.allclose(long.encode(path), expected, atol=1e-5)


def with_windows(model, n_frames, min_frames=101):
    windows = Windows.half_overlapping(n_frames, min_frames)
    return SoundEncoder(model.encoder, SETTINGS, LogMel(), model.standardization, windows).eval()


def test_windows_are_part_of_the_model(model, tmp_path):
    with_windows(model, 300).save(tmp_path)
    assert SoundEncoder.load(tmp_path).windows == Windows(300, 150, 101)


def test_intermediate_features_are_part_of_the_model(model, sound_folder, tmp_path):
    deep = with_features(model, ["layer1", "log_mel"]).eval()
    path = sound_folder / "middle" / "2.wav"
    embedding = deep.encode(path)
    assert embedding.shape == (deep.dim,)
    assert deep.dim == model.dim + 2 * (4 * 12) + 2 * 12
    deep.save(tmp_path)
    loaded = SoundEncoder.from_pretrained(tmp_path)
    assert np.array_equal(loaded.encode(path), embedding)
    folded = for_inference(loaded, torch.float32)
    assert np.allclose(folded.encode(path), embedding, atol=1e-5)
    with pytest.raises(ValueError, match="no block 'layer9'"):
        SoundEncoder(
            model.encoder,
            SETTINGS,
            LogMel(),
            Standardization(0.0, 1.0),
            Windows.half_overlapping(101),
            intermediate_features=["layer9"],
        )


@pytest.mark.parametrize("half", [False, True])
def test_whitening_is_part_of_the_embedding_and_the_model(half, model, sound_folder, tmp_path):
    path = sound_folder / "middle" / "2.wav"
    embeddings = torch.from_numpy(model.encode([*sound_folder.glob("*/*.wav")]))
    white = model.with_encoder(model.encoder, Whitening.of(embeddings, 10)).eval()
    embedding = white.encode(path)
    assert embedding.shape == (10,) == (white.dim,)
    white.save(tmp_path, half=half)
    loaded = SoundEncoder.from_pretrained(tmp_path)
    assert np.allclose(loaded.encode(path), embedding, atol=0.05 if half else 0)
    folded = for_inference(loaded, torch.float32)
    assert np.allclose(folded.encode(path), loaded.encode(path), atol=1e-3)


def test_missing_and_damaged_models_are_refused(model, tmp_path):
    with pytest.raises(ModelError, match="no model there"):
        SoundEncoder.from_pretrained(tmp_path)
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for change, message in (
        ({"encoder": {"name": "resnet18", "width": 5}}, "size mismatch|Error"),
        ({"encoder": {"name": "no such"}}, "no such"),
        ({"encoder": ["resnet18"]}, "cannot be loaded"),
        ({"front_end": {"n_bands": 3}}, "n_mels"),
        ({"front_end": config["front_end"] | {"n_bands": 3}}, "n_bands"),
        ({"standardization": {"mean": 0, "std": 0}}, "std above 0"),
        ({"pooling": "of a later version"}, "pooling"),
        ({"version": "9.9", "pooling": "of a later version"}, "of soundalike 9.9, and this is"),
        ({"version": "9.9", "format": 5}, "its format is 5, .*of soundalike 9.9, and this is"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(ModelError, match=message):
            SoundEncoder.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    weights = weights_in(tmp_path)
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        SoundEncoder.from_pretrained(tmp_path)


def test_config_has_the_version_of_the_software(model, tmp_path):
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["format"], config["version"]) == (4, soundalike.__version__)
    (tmp_path / "config.json").write_text(json.dumps(config | {"version": "0.0.1"}))
    assert SoundEncoder.load(tmp_path).dim == model.dim  # the format decides
