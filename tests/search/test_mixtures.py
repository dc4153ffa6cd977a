"""Examples that are mixed into background."""

import numpy as np
import pytest
import soundfile

from soundalike.archive.backgrounds import Backgrounds
from soundalike.search import mixtures
from soundalike.search.mixtures import difference_in_mixtures, difference_of, piece_s
from soundalike.search.queries import FileQuery, RowQuery

RATE = 22050
TONE = np.sin(np.arange(RATE // 2) * 0.3)


def noise(seed, duration_s):
    return np.random.default_rng(seed).uniform(-0.1, 0.1, round(duration_s * RATE))


@pytest.fixture(scope="module")
def pieces(small_model):
    return [noise(seed, piece_s(small_model, 0.5)) for seed in range(2)]


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("level_db", [0.0, 12.0])
def test_an_example_is_so_far_above_the_background(level_db, pieces):
    mixture = mixtures._mix(pieces[0], 7 * TONE, 5000, level_db)
    added = mixture - pieces[0]
    assert np.flatnonzero(np.abs(added) > 1e-6)[[0, -1]] == pytest.approx(
        [5000, 5000 + len(TONE)], abs=5
    )
    ratio = np.mean(added[5000:][: len(TONE)] ** 2) / np.mean(pieces[0][5000:][: len(TONE)] ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(level_db, abs=0.01)
    silent = mixtures._mix(np.zeros(RATE), TONE, 0, level_db)
    assert 0 < np.abs(silent).max() < 0.01


def test_the_difference_is_that_of_windows_with_the_example(small_model, pieces):
    difference = difference_in_mixtures(small_model, TONE, pieces)
    assert 0 < np.linalg.norm(difference) <= 1 + 1e-6
    alone = [difference_in_mixtures(small_model, TONE, [piece]) for piece in pieces]
    higher = np.sin(np.arange(RATE // 2) * 1.5)
    other = difference_in_mixtures(small_model, higher, pieces[1:])
    assert cosine(*alone) > cosine(alone[0], other) + 0.1
    louder = difference_in_mixtures(small_model, 100 * TONE, pieces)
    assert cosine(difference, louder) > 0.999, "its own level says nothing"


def test_what_is_mixed_in(full, pieces, tmp_path, monkeypatch):
    zero = np.zeros((1, full.model.dim), np.float32)
    none, ones = np.zeros(0, int), np.ones(1, np.float32)
    backgrounds = Backgrounds(none, none, zero, ones, np.zeros(0, np.float32))
    monkeypatch.setattr(mixtures, "background_pieces", lambda *arguments: pieces)
    expected = difference_in_mixtures(full.model, TONE, pieces)
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.concatenate([noise(3, 1), TONE]), RATE, subtype="FLOAT")
    for event in ((TONE, RATE), FileQuery(str(path), 1.0, 1.5)):
        result = difference_of(full, event, backgrounds)
        assert cosine(result, expected) > 0.999
    for event in (RowQuery(3), FileQuery(str(path)), (noise(4, 2), RATE)):
        assert difference_of(full, event, backgrounds) is None
    monkeypatch.setattr(mixtures, "background_pieces", lambda *arguments: [])
    assert difference_of(full, (TONE, RATE), backgrounds) is None
