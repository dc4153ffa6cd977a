"""The sounds of hits."""

import numpy as np
import pytest
import soundfile
from archives import make_rows

from soundalike.search.hit_files import (
    ResultsFolderError,
    copy_hits,
    earlier_copies,
    missing_files,
)


def test_hits_are_copied_as_wav_files(tmp_path, write_sound):
    write_sound(tmp_path / "a b'\n#%ü.wav", 2.0)
    write_sound(tmp_path / "sub" / "c.flac", 0.5)
    rows = make_rows(["a b'\n#%ü.wav", "sub/c.flac", "gone.wav"]).iloc[[1, 2, 4]]
    assert missing_files(rows, str(tmp_path)) == ["gone.wav"]
    files = copy_hits(rows, str(tmp_path), tmp_path / "deep" / "hits")
    names = ["001_a_b_ü_1.00s.wav", "002_c_0.00s.wav"]
    assert [file.name for file in files] == names
    assert sorted(path.name for path in (tmp_path / "deep" / "hits").iterdir()) == names
    original, rate = soundfile.read(tmp_path / "a b'\n#%ü.wav")
    waveform, copy_rate = soundfile.read(files[0])
    assert copy_rate == rate
    np.testing.assert_allclose(waveform, original[22050:], atol=1e-4)
    assert soundfile.info(files[1]).frames == 11025  # the window ends after its file


def test_copies_of_an_earlier_search_are_replaced_and_nothing_else(tmp_path, write_sound):
    """Two searches were mixed."""
    for name in ("a", "b"):
        write_sound(tmp_path / "sounds" / f"{name}.wav", 2.0)
    folder, root = tmp_path / "found", str(tmp_path / "sounds")
    assert earlier_copies(folder) == []
    copy_hits(make_rows(["a.wav", "b.wav"]), root, folder)
    (folder / "001_a_0.00s.wav.7.partial").touch()
    files = copy_hits(make_rows(["b.wav"], n_windows=1), root, folder)
    assert earlier_copies(folder) == files == [folder / "001_b_0.00s.wav"]
    with pytest.raises(ResultsFolderError, match="holds the sounds of the results"):
        copy_hits(make_rows(["001_b_0.00s.wav"]), str(folder), folder)
    (folder / "mine.wav").touch()
    with pytest.raises(
        ResultsFolderError, match=r"something else .* such as mine\.wav: name a new"
    ):
        copy_hits(make_rows(["a.wav"]), root, folder)
    assert len(list(folder.glob("*.wav"))) == 2
    with pytest.raises(ResultsFolderError, match="is a file"):
        earlier_copies(folder / "mine.wav")
