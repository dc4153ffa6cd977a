"""A store is opened; anything else is prepared."""

import numpy as np
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.source import read_source


def test_a_store_is_opened(store, tmp_path):
    opened = open_or_prepare(str(store.path), tmp_path / "unused", LogMel(), progress=False)
    assert opened.path == store.path
    assert not (tmp_path / "unused").exists()


def test_a_store_of_another_front_end_is_refused(store, tmp_path):
    with pytest.raises(SourceError, match=r"another front end \(hop_length is 220 there and 110"):
        open_or_prepare(str(store.path), tmp_path / "x", LogMel(hop_length=110), progress=False)


def test_other_sources_are_prepared(store, sound_folder, tmp_path):
    prepared = open_or_prepare(str(sound_folder), tmp_path / "store", LogMel(), progress=False)
    assert prepared.fingerprint == store.fingerprint
    assert np.array_equal(prepared.frames, store.frames)
    some = read_source(sound_folder).where(np.arange(3))
    prepared = open_or_prepare(
        str(sound_folder), tmp_path / "some", LogMel(), clips=some, progress=False
    )
    assert len(prepared.clips) == 3
