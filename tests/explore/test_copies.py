"""Near-duplicates of a row."""

import numpy as np
import pandas as pd
import soundfile
from archives import make_records, make_rows, make_vectors

from soundalike.archive.head import Head
from soundalike.explore.collection import Collection
from soundalike.explore.copies import copies_of
from soundalike.search.archive import Archive

RATE = 8000


def test_a_copy_at_another_place_and_level_is_found(tmp_path):
    sounds = np.random.default_rng(0).normal(0, 0.1, (2, 3 * RATE))
    sounds *= np.interp(np.arange(3 * RATE), np.linspace(0, 3 * RATE, 40), noise_levels())
    soundfile.write(tmp_path / "a.wav", sounds[0], RATE)
    soundfile.write(tmp_path / "b.wav", np.roll(0.4 * sounds[0], RATE // 2), RATE)
    soundfile.write(tmp_path / "c.wav", sounds[1], RATE)
    archive = Archive.create(tmp_path / "archive", Head(8, "model", root=str(tmp_path)))
    rows = pd.concat([make_rows([name], 3) for name in ("a.wav", "b.wav", "c.wav")])
    with archive.writer() as writer:
        writer.add(rows, make_vectors(len(rows)))
        writer.finish(make_records(rows))
    copies = copies_of(Collection(archive), 1)
    assert {row["path"] for row in copies} == {"b.wav"}
    assert all(row["start_s"] in (1, 2) for row in copies)


def noise_levels():
    return np.random.default_rng(1).uniform(0.05, 1, 40)
