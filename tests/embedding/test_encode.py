"""What encode takes: files, waveforms, sources and tables; and sounds that cannot be read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "resnet18", "width": 2}
RATE = 22050


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    windows = Windows.half_overlapping(101)
    parts = (build_encoder(SETTINGS), SETTINGS, LogMel(), Standardization(-3.0, 2.0), windows)
    return SoundEncoder(*parts).eval()


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Two sounds of two kinds in a folder, and a manifest."""
    root = tmp_path_factory.mktemp("sounds")
    for number, name in enumerate(("cat/a.wav", "dog/b.wav")):
        (root / name).parent.mkdir()
        noise = np.random.default_rng(number).uniform(-0.5, 0.5, round(1.6 * RATE))
        soundfile.write(root / name, np.cumsum(noise) / 50 if number else noise, RATE)
    (root / "table.csv").write_text("path,label\ndog/b.wav,dog\ncat/a.wav,cat\n")
    return root


@pytest.fixture(scope="module")
def expected(model, sounds):
    return model.encode([sounds / "cat" / "a.wav", sounds / "dog" / "b.wav"])


def test_a_source_has_an_embedding_for_each_of_its_clips(model, sounds, expected, monkeypatch):
    monkeypatch.chdir(sounds)
    for source in (sounds, ".", str(sounds / "*" / "*.wav"), read_source(sounds)):
        np.testing.assert_allclose(model.encode(source), expected, atol=1e-6)
    np.testing.assert_allclose(model.encode("table.csv"), expected[::-1], atol=1e-6)
    assert model.encode(sounds / "cat").shape == (1, model.dim)
    assert model.encode("cat/a.wav").shape == (model.dim,)


def test_a_table_has_an_embedding_for_each_row(model, sounds, expected, monkeypatch):
    monkeypatch.chdir(sounds)
    table = pd.DataFrame({"File": ["dog/b.wav", "cat/a.wav", "dog/b.wav"]}, index=[7, 7, 1])
    np.testing.assert_allclose(model.encode(table), expected[[1, 0, 1]], atol=1e-6)
    table["onset"], table["offset"] = [0.0, 0.5, 0.0], [1.2, 1.6, 1.6]
    parts = model.encode(table)
    clips = ClipTable.of("x", [Clip("cat/a.wav", start_s=0.5, end_s=1.6)])
    np.testing.assert_allclose(parts[1], model.encode(clips)[0], atol=1e-6)
    np.testing.assert_allclose(parts[2], expected[1], atol=1e-6)


def test_waveforms_may_come_with_their_rates(model, sounds, expected):
    waveforms = [soundfile.read(sounds / name) for name in ("cat/a.wav", "dog/b.wav")]
    np.testing.assert_allclose(model.encode(waveforms), expected, atol=1e-5)
    np.testing.assert_allclose(model.encode(waveforms[0]), expected[0], atol=1e-5)
    (cat, rate), dog = waveforms
    mixed = [(torch.from_numpy(cat), rate), dog[0], sounds / "cat" / "a.wav"]
    np.testing.assert_allclose(model.encode(mixed, RATE), expected[[0, 1, 0]], atol=1e-5)
    with pytest.raises(ValueError, match=r"not tuple: .* or a tuple of both"):
        model.encode([(rate, cat)])


def test_a_broken_sound_is_an_error_or_a_row_of_nan(model, sounds, expected, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    several = [sounds / "cat" / "a.wav", tmp_path / "broken.wav", np.full(9, np.nan), "gone.wav",
               sounds / "dog" / "b.wav"]  # fmt: skip
    with pytest.raises(AudioError, match=r"broken\.wav"):
        model.encode(several, RATE)
    embeddings, problems = model.encode(several, RATE, on_error="skip", normalize=True)
    assert np.isnan(embeddings[1:4]).all()
    assert np.isfinite(embeddings[[0, 4]]).all()
    assert [problem.problem for problem in problems] == ["not audio", "not a waveform", "missing"]
    assert [Path(problem.path).name for problem in problems] == [
        "broken.wav", "sound 2", "gone.wav",
    ]  # fmt: skip
    single, problems = model.encode("gone.wav", on_error="skip")
    assert single.shape == (model.dim,)
    assert (np.isnan(single).all(), len(problems)) == (True, 1)
    with pytest.raises(ValueError, match="on_error 'raise' or 'skip', got 'ignore'"):
        model.encode(several, on_error="ignore")


def test_problems_of_a_source_are_errors_or_returned(model, sounds, expected, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(f"path\n{sounds / 'cat' / 'a.wav'}\ngone.wav\n")
    with pytest.raises(BrokenClipsError, match=r"gone\.wav.* set on_error='skip'"):
        model.encode(table)
    embeddings, problems = model.encode(table, on_error="skip")
    np.testing.assert_allclose(embeddings, expected[:1], atol=1e-6)
    assert "gone.wav" in problems[0].path
