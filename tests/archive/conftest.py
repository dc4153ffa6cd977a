"""An archive to fill."""

import pytest
from archives import DIM

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive


@pytest.fixture
def archive(tmp_path):
    """An empty archive of vectors of 8 numbers."""
    return WindowArchive.create(tmp_path / "archive", Head(DIM, "a model", root="/sounds"))
