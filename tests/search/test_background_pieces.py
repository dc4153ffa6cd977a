"""Pieces of background."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from archives import make_records, make_rows, make_vectors

from soundalike.search.background_pieces import N_PIECES, background_pieces

N, LENGTH_S = 130, 4.0  # windows of a recording of more than two minutes


@pytest.fixture
def recording(new_archive, tmp_path):
    """An archive of a recording and of one that is gone; window 7, 65 and 129 are typical."""
    rows = pd.concat([make_rows(["long.wav"], N), make_rows(["gone.wav"], N)])
    vectors = make_vectors(len(rows), dim=new_archive.head.dim)
    vectors[[7, 65, 129]] *= 0.01
    with new_archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    (tmp_path / "sounds").mkdir()
    # Every sample says when it is.
    waveform = np.linspace(-1, 1, N * 22050, dtype=np.float32)
    soundfile.write(tmp_path / "sounds" / "long.wav", waveform, 22050, subtype="FLOAT")
    return new_archive, waveform


def test_they_are_around_the_windows_that_are_most_like_the_mean(recording):
    archive, waveform = recording
    pieces = background_pieces(archive, archive.backgrounds, LENGTH_S)
    assert len(archive.backgrounds) == 4 == N_PIECES
    middles_s = [(piece.mean() + 1) / 2 * N for piece in pieces]
    assert middles_s == pytest.approx([7.5, 65.5], abs=0.01), "129 is too near to the end"
    assert [len(piece) for piece in pieces] == [4 * 22050] * 2
    np.testing.assert_array_equal(pieces[0], waveform[round(5.5 * 22050) :][: 4 * 22050])


def test_there_are_none_longer_than_a_stretch(recording):
    archive, _ = recording
    assert background_pieces(archive, archive.backgrounds, 100.0) == []
