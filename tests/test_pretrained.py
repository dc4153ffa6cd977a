"""The models that come with the package."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
MAX_BYTES = 12e6


def test_there_is_a_default():
    assert "default" in SHIPPED_MODELS


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_model_is_small_and_in_half_precision(name):
    assert {path.name for path in SHIPPED_MODELS[name].iterdir()} == {
        "README.md", "config.json", "model.safetensors",
    }  # fmt: skip
    assert (SHIPPED_MODELS[name] / "model.safetensors").stat().st_size < MAX_BYTES
    weights = load_file(SHIPPED_MODELS[name] / "model.safetensors")
    assert {t.dtype for t in weights.values() if t.ndim > 1} == {torch.float16}


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_model_embeds_without_internet(name, sound_folder, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    model = SoundEncoder.from_pretrained(name)
    kinds = [sorted((sound_folder / kind).glob("*.wav")) for kind in ("low", "middle", "high")]
    h = model.encode([path for paths in kinds for path in paths])
    assert np.isfinite(h).all()
    similarity = model.similarity(h, h) - np.eye(len(h))
    assert (similarity.argmax(axis=1) // 8 == np.arange(len(h)) // 8).all()


def test_the_default_model_has_the_settings_of_the_default_recipe():
    model, recipe = SoundEncoder.from_pretrained("default"), read_recipe("default", PRETRAINING)
    assert model.encoder_settings == recipe["encoder"]
    assert model.front_end == LogMel(**recipe["front_end"])
    assert model.patch_frames == recipe["views"]["patch_frames"]
    assert model.intermediate_features == tuple(recipe["embedding"]["intermediate_features"])
    assert model.dim == recipe["embedding"]["whiten"]
    assert model.windows.align_last == recipe["embedding"]["align_last_window"]


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_model_card_has_all_sections(name):
    card = (SHIPPED_MODELS[name] / "README.md").read_text()
    for section in ("Data", "Licenses", "Recipe", "Results", "Limits"):
        assert f"\n## {section}\n" in card


@pytest.mark.slow
def test_the_training_clips_contain_no_test_clip(tmp_path):
    """Compares hashes of the decoded audio; downloads the training clips and the test sets."""
    if not (DATA / "esc10").exists():
        pytest.skip("the data set ESC-10 is not installed")
    pool, sets = tmp_path / "pool", tmp_path / "sets"
    for script, folder in {"open_pool.py": pool, "labeled_sets.py": sets}.items():
        subprocess.run([sys.executable, ROOT / "experiments" / script, folder], check=True)
    sources = [pool / "pool.csv", f"esc10:{DATA / 'esc10'}", *sorted(sets.glob("*.csv"))]
    training_audio, *test_audio = (
        set(prepare(read_source(str(source)), tmp_path / f"store-{number}").audio) - {b""}
        for number, source in enumerate(sources)
    )
    assert len(training_audio) > 7000
    assert len(test_audio) == 4
    for audio in test_audio:
        assert len(audio) >= 200
        assert not training_audio & audio
