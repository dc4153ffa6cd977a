"""An archive of tones of three classes, by an untrained model."""

import pytest
from archives import embedded_archive, untrained_model


@pytest.fixture(scope="session")
def model():
    return untrained_model()


@pytest.fixture(scope="session")
def tones(sound_folder, tmp_path_factory):
    """The archive of `sound_folder`; tests change only its labels."""
    return embedded_archive(tmp_path_factory.mktemp("tones") / "archive", sound_folder)
