"""The models that come with the package."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.near_duplicates import find_near_duplicates
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
MAX_BYTES = 12e6
TEST_CLIPS_IN_THE_POOL = {"1-4211-A": "fire_small.ogg", "4-169127-B": "tree-cutting.wav"}


def test_there_is_a_default():
    assert "default" in SHIPPED_MODELS


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_model_is_small_and_in_half_precision(name):
    (path,) = SHIPPED_MODELS[name].glob("model-*.safetensors")
    assert {path.name for path in SHIPPED_MODELS[name].iterdir()} == {
        "README.md", "config.json", path.name,
    }  # fmt: skip
    assert path.stat().st_size < MAX_BYTES
    weights = load_file(path)
    assert {t.dtype for t in weights.values() if t.ndim > 1} == {torch.float16}


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_model_has_a_background_of_many_different_sounds(name):
    model = SoundEncoder.from_pretrained(name)
    assert model.background.shape == (500, model.dim)
    assert model.background.isfinite().all()
    similarity = model.similarity(model.background.numpy(), model.background.numpy())
    assert np.median(similarity) < 0.1


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


def test_the_card_names_the_test_clips_that_are_in_the_training_data():
    card = (SHIPPED_MODELS["default"] / "README.md").read_text()
    for name in (*TEST_CLIPS_IN_THE_POOL, *TEST_CLIPS_IN_THE_POOL.values()):
        assert name in card
    assert "None of the clips occurs" not in card


@pytest.fixture(scope="module")
def pool_and_sets(tmp_path_factory):
    """Download the training clips and the test sets; return the folder of both."""
    if not (DATA / "esc10").exists():
        pytest.skip("the data set ESC-10 is not installed")
    root = tmp_path_factory.mktemp("sounds")
    for script, name in {"open_pool.py": "pool", "labeled_sets.py": "sets"}.items():
        subprocess.run([sys.executable, ROOT / "experiments" / script, root / name], check=True)
    return root


def sources_of_sets(root):
    """Return the four test sets."""
    return [f"esc10:{DATA / 'esc10'}", *sorted(map(str, (root / "sets").glob("*.csv")))]


@pytest.mark.slow
def test_the_listed_training_clips_contain_no_test_clip(pool_and_sets, tmp_path):
    """Compares hashes of the decoded audio, which very short clips have too."""
    sources = [str(pool_and_sets / "pool" / "pool.csv"), *sources_of_sets(pool_and_sets)]
    training_audio, *test_audio = (
        set(prepare(read_source(source), tmp_path / f"store-{number}").audio) - {b""}
        for number, source in enumerate(sources)
    )
    assert len(training_audio) > 7000
    assert len(test_audio) == 4
    for audio in test_audio:
        assert len(audio) >= 200
        assert not training_audio & audio


@pytest.mark.slow
def test_the_listed_training_clips_share_nothing_with_test_clips(pool_and_sets):
    """Compares landmarks and waveforms, which finds copies in other encodings."""
    pool = read_source(str(pool_and_sets / "pool" / "pool.csv"))
    tables = [read_source(source) for source in sources_of_sets(pool_and_sets)]
    test_clips = ClipTable("test sets", pd.concat([table.rows for table in tables]))
    assert len(test_clips) > 1800
    assert find_near_duplicates(test_clips, pool).pairs == []


@pytest.mark.slow
def test_the_training_clips_that_are_no_longer_listed_contain_test_clips(pool_and_sets):
    """The two files are found by the test above if they come back."""
    files = [
        Clip(str(path))
        for name in TEST_CLIPS_IN_THE_POOL.values()
        for path in (pool_and_sets / "pool").rglob(name)
    ]
    esc10 = read_source(f"esc10:{DATA / 'esc10'}")
    pairs = find_near_duplicates(esc10, ClipTable.of("not listed", files)).pairs
    names = {Path(pair.path).stem: Path(pair.other_path).name for pair in pairs}
    assert names == TEST_CLIPS_IN_THE_POOL
    for pair in pairs:
        assert pair.end_s - pair.start_s > 4.5
        assert pair.correlation > 0.95
