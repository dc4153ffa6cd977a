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
MOST_BYTES = 12e6


def test_there_is_a_default():
    assert "default" in SHIPPED_MODELS


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_it_is_small_and_of_half_precision(name):
    assert {path.name for path in SHIPPED_MODELS[name].iterdir()} == {
        "README.md", "config.json", "model.safetensors",
    }  # fmt: skip
    assert (SHIPPED_MODELS[name] / "model.safetensors").stat().st_size < MOST_BYTES
    weights = load_file(SHIPPED_MODELS[name] / "model.safetensors")
    assert {t.dtype for t in weights.values() if t.ndim > 1} == {torch.float16}


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_it_hears_without_a_network(name, sound_folder, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    model = SoundEncoder.from_pretrained(name)
    kinds = [sorted((sound_folder / kind).glob("*.wav")) for kind in ("low", "middle", "high")]
    h = model.encode([path for paths in kinds for path in paths])
    assert np.isfinite(h).all()
    similarity = model.similarity(h, h) - np.eye(len(h))
    assert (similarity.argmax(axis=1) // 8 == np.arange(len(h)) // 8).all()


def test_the_default_ear_is_of_the_default_recipe():
    model, recipe = SoundEncoder.from_pretrained("default"), read_recipe("default", PRETRAINING)
    assert model.encoder_settings == recipe["encoder"]
    assert model.front_end == LogMel(**recipe["front_end"])
    assert model.patch_frames == recipe["views"]["patch_frames"]
    assert model.intermediate_features == tuple(recipe["embedding"]["intermediate_features"])
    assert model.dim == recipe["embedding"]["whiten"]
    assert model.windows.align_last == recipe["embedding"]["align_last_window"]


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_its_card_says_what_to_know(name):
    card = (SHIPPED_MODELS[name] / "README.md").read_text()
    for section in ("Data", "Licenses", "Recipe", "Results", "Limits"):
        assert f"\n## {section}\n" in card


@pytest.mark.slow
def test_the_pool_holds_no_clip_of_the_sets_it_is_tested_on(tmp_path):
    """By a hash of the log-mels of the decoded audio; downloads the pool and the sets."""
    if not (DATA / "esc10").exists():
        pytest.skip("the sets for development are not at hand")
    pool, sets = tmp_path / "pool", tmp_path / "sets"
    for script, folder in {"open_pool.py": pool, "labeled_sets.py": sets}.items():
        subprocess.run([sys.executable, ROOT / "experiments" / script, folder], check=True)
    sources = [pool / "pool.csv", f"esc10:{DATA / 'esc10'}", *sorted(sets.glob("*.csv"))]
    heard, *tested = (
        set(prepare(read_source(str(source)), tmp_path / f"store-{number}").audio) - {b""}
        for number, source in enumerate(sources)
    )
    assert len(heard) > 7000
    assert len(tested) == 4
    for audio in tested:
        assert len(audio) >= 200
        assert not heard & audio
