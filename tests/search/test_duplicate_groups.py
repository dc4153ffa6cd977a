"""Groups of copies."""

import numpy as np
import soundfile

from soundalike.datasets.near_duplicates import NearDuplicate, NearDuplicates
from soundalike.datasets.source import read_source
from soundalike.search import duplicate_groups as module
from soundalike.search.duplicate_groups import duplicate_groups


def test_copies_of_copies_are_one_group(tmp_path, monkeypatch):
    for number in range(7):
        (tmp_path / f"{number}.wav").touch()

    def pairs_of(clips, progress):
        pairs = [(5, 1), (2, 3), (1, 0), (0, 5)]
        shared = [NearDuplicate(a, "", 0.0, 1.0, b, "", 0.0, 1.0) for a, b in pairs]
        return NearDuplicates(shared, [])

    monkeypatch.setattr(module, "find_near_duplicates", pairs_of)
    groups = duplicate_groups(read_source(tmp_path), progress=False).groups
    assert groups == [["0.wav", "1.wav", "5.wav"], ["2.wav", "3.wav"]]


def test_a_cut_and_louder_copy_is_found(tmp_path):
    rng = np.random.default_rng(0)
    first, second = (0.2 * rng.standard_normal(22050 * 3).cumsum() for _ in range(2))
    first, second = (0.3 * wave / np.abs(wave).max() for wave in (np.diff(first), np.diff(second)))
    soundfile.write(tmp_path / "a.wav", first, 22050)
    soundfile.write(tmp_path / "b.wav", second, 22050)
    soundfile.write(tmp_path / "copy.flac", 2 * first[9000:50000], 22050)
    (tmp_path / "broken.wav").write_text("no sound")
    results = duplicate_groups(read_source(tmp_path), progress=False)
    assert results.groups == [["a.wav", "copy.flac"]]
    assert [problem.path for problem in results.problems] == [str(tmp_path / "broken.wav")]


def test_sounds_without_copies_have_no_groups(tmp_path, write_sound):
    for number in range(2):
        write_sound(tmp_path / f"{number}.wav", 1.0, number)
    assert duplicate_groups(read_source(tmp_path), progress=False).groups == []
