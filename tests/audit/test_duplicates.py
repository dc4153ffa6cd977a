"""Clips that share a part are of one recording, and are found once."""

import numpy as np
import pytest
import soundfile

from soundalike.audit.duplicates import duplicates_of, join_recordings, pairs_of_clips
from soundalike.datasets import near_duplicates
from soundalike.datasets.near_duplicates import NearDuplicate
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source

RATE = 22050


def part(clip, other):
    return NearDuplicate(clip, f"{clip}.wav", 0.0, 1.0, other, f"{other}.wav", 0.0, 1.0)


def test_recordings_are_joined_through_others():
    recordings = np.array([0, 0, 2, 3, 4])
    assert join_recordings(recordings, []).tolist() == [0, 0, 2, 3, 4]
    assert join_recordings(recordings, [part(2, 1), part(3, 2)]).tolist() == [0, 0, 0, 0, 4]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A store of three clips, of which two are the same noise with different labels."""
    folder = tmp_path_factory.mktemp("copies")
    rng = np.random.default_rng(0)
    noises = [0.1 * rng.standard_normal(2 * RATE) for _ in range(2)]
    for name, noise in {"dog/a": noises[0], "rain/b": 0.5 * noises[0], "rain/c": noises[1]}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        soundfile.write(folder / f"{name}.wav", noise, RATE)
    clips = read_source(folder)
    return prepare(clips, folder.parent / "store", n_workers=1, progress=False)


def test_copies_with_different_labels_are_found(copies, tmp_path, monkeypatch):
    file = tmp_path / "duplicates.json"
    parts = duplicates_of(file, copies, progress=False)
    (pair,) = pairs_of_clips(copies, parts)
    assert (pair.label, pair.other_label) == ("dog", "rain")
    assert pair.has_different_labels
    assert not pair.is_across_splits
    monkeypatch.setattr(near_duplicates, "map_in_processes", None)
    assert duplicates_of(file, copies, progress=False) == parts, "read from the file"
    file.write_text("[]")
    with pytest.raises(TypeError):
        duplicates_of(file, copies, progress=False)
