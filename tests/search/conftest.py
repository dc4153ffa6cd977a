"""A small model, a few sounds, and their archive."""

import shutil

import numpy as np
import pytest
import soundfile
from archives import untrained_model

from soundalike.datasets.source import read_source
from soundalike.search.archive import Archive
from soundalike.search.fill import fill


@pytest.fixture(scope="session")
def small_model():
    """An untrained model with windows of a second."""
    return untrained_model()


@pytest.fixture(scope="session")
def few_sounds(sound_folder, tmp_path_factory):
    """Six sounds of three classes, of 1 to 2.75 s."""
    root = tmp_path_factory.mktemp("few")
    for kind in ("low", "middle", "high"):
        (root / kind).mkdir()
        for number in (0, 7):
            shutil.copy(sound_folder / kind / f"{number}.wav", root / kind)
    return root


@pytest.fixture
def sounds(few_sounds, tmp_path):
    """A copy of these sounds, to change."""
    return shutil.copytree(few_sounds, tmp_path / "sounds")


@pytest.fixture
def new_archive(small_model, tmp_path):
    """An empty archive of sounds in tmp_path/sounds."""
    return Archive.open_for(tmp_path / "archive", small_model, str(tmp_path / "sounds"))


@pytest.fixture(scope="session")
def full(small_model, few_sounds, tmp_path_factory):
    """The archive of `few_sounds`; tests only read it."""
    path = tmp_path_factory.mktemp("full") / "archive"
    archive = Archive.open_for(path, small_model, str(few_sounds))
    fill(archive, small_model, read_source(few_sounds), progress=False)
    return archive


@pytest.fixture
def write_sound():
    """Return a function that writes noise, or zeros, of some length to a file."""

    def write(path, duration_s=1.0, seed=0, scale=0.1):
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).uniform(-scale, scale, round(22050 * duration_s))
        soundfile.write(path, noise, 22050)
        return path

    return write
