"""Sounds, stores and models that tests share: small, made here, and the same every time."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import soundfile

RATE = 22050

# CI judges a change by the same examples every time; a run by hand goes looking for new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


def tone(frequency: float, duration_s: float = 1.2, seed: int = 0) -> np.ndarray:
    """Return a tone with a little noise, float32 at 22,050 Hz."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(duration_s * RATE)) / RATE
    wave = 0.5 * np.sin(2 * np.pi * frequency * time_s + rng.uniform(0, 6))
    return (wave + 0.02 * rng.standard_normal(len(time_s))).astype(np.float32)


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory) -> Path:
    """Twenty-four clips of three classes that anybody can tell apart, in sub-folders."""
    root = tmp_path_factory.mktemp("sounds")
    for kind, frequency in {"low": 200, "middle": 1000, "high": 5000}.items():
        (root / kind).mkdir()
        for number in range(8):
            clip = tone(frequency * (1 + 0.03 * number), 1.0 + 0.25 * number, seed=number)
            soundfile.write(root / kind / f"{number}.wav", clip, RATE)
    return root


@pytest.fixture(scope="session")
def store(sound_folder, tmp_path_factory):
    """The store of `sound_folder`."""
    from soundalike.datasets.prepare import prepare
    from soundalike.datasets.source import read_source

    out = tmp_path_factory.mktemp("stores") / "store"
    return prepare(read_source(sound_folder), out, n_workers=1, progress=False)


@pytest.fixture(scope="session")
def tiny_recipe():
    """A recipe that trains in seconds, in float32 so that results do not depend on the machine."""
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    return read_recipe(
        "tiny",
        PRETRAINING,
        {
            "encoder.width": 4,
            "head.hidden_dim": 16,
            "head.out_dim": 16,
            "training.n_epochs": 3,
            "training.batch_size": 10,
            "training.precision": "32-true",
            "monitor.every_n_epochs": 1,
        },
    )


@pytest.fixture(scope="session")
def run(store, tiny_recipe, tmp_path_factory):
    """A finished pre-training on `store`."""
    from soundalike.training.pretraining import pretrain
    from soundalike.training.run_folder import RunFolder

    run = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    run.configure(source="-", clips=store.fingerprint, test_fold=None, recipe=tiny_recipe)
    pretrain(store, run, tiny_recipe, progress=False)
    return run
