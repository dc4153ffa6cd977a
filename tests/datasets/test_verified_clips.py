"""Labels that are verified after a store was prepared."""

import numpy as np
import pandas as pd
import pytest

from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import CLIPS, FRAMES, open_store


def prepared(manifest, out):
    return prepare(read_source(manifest), out, n_workers=1, progress=False)


@pytest.fixture
def manifest(sound_folder, tmp_path):
    """Write a manifest of four clips; two are of one file, and the second cannot be read."""
    (tmp_path / "broken.wav").write_text("no sound")
    sounds = sorted(sound_folder.glob("low/*.wav"))
    paths = [sounds[0], tmp_path / "broken.wav", sounds[1], sounds[1]]
    rows = pd.DataFrame({"path": paths, "label": list("abcd")})
    rows["start_s"], rows["end_s"] = [np.nan, np.nan, 0.0, 0.5], [np.nan, np.nan, 0.5, np.nan]

    def write(verified=None):
        table = rows if verified is None else rows.assign(manually_verified=verified)
        table.to_csv(tmp_path / "sounds.csv", index=False)
        return tmp_path / "sounds.csv"

    return write


def test_labels_that_were_verified_since_are_verified_in_the_store(manifest, tmp_path):
    out = tmp_path / "store"
    before = prepared(manifest(), out)
    assert not before.clips.labels().is_verified.any()
    frames = (out / FRAMES).stat().st_mtime_ns
    for answers, is_verified in (
        (["yes", "yes", "no", "yes"], [True, False, True]),
        ([0, 1, 1, 0], [False, True, False]),
        (None, [False, False, False]),
    ):
        for store in (prepared(manifest(answers), out), open_store(out)):
            assert store.clips.labels().is_verified.tolist() == is_verified
            columns = before.clips.rows.columns
            pd.testing.assert_frame_equal(store.clips.rows[columns], before.clips.rows)
            np.testing.assert_array_equal(store.offsets, before.offsets)
    assert (out / FRAMES).stat().st_mtime_ns == frames


def test_a_store_with_the_same_labels_verified_is_not_written(manifest, tmp_path):
    prepared(manifest(["yes", "yes", "no", "yes"]), tmp_path / "store")
    table = tmp_path / "store" / CLIPS
    before = table.stat()
    prepared(manifest([1, 0, 0, 1]), tmp_path / "store")
    assert (table.stat().st_ino, table.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
