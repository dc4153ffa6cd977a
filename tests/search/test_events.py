"""The part of an example that is an event."""

import numpy as np
import pytest
import soundfile

from soundalike.search.events import _start_of_loudest, event_of
from soundalike.search.queries import FileQuery, RowQuery


@pytest.fixture(scope="module")
def burst():
    """Three seconds of faint noise with a loud second in it."""
    noise = np.random.default_rng(0).uniform(-0.01, 0.01, 3 * 22050)
    noise[22050 : 2 * 22050] *= 50
    return noise


def test_the_loudest_part_of_a_file_is_its_event(full, burst, tmp_path):
    path = str(tmp_path / "burst.wav")
    soundfile.write(path, burst, 22050)
    event = event_of(full, FileQuery(path))
    assert event.path == path
    assert (event.start_s, event.end_s) == pytest.approx((1, 2), abs=0.01)
    part = FileQuery(path, 0.0, 3.0)
    assert event_of(full, part) is part
    soundfile.write(path, burst[:10_000], 22050)
    assert event_of(full, FileQuery(path)) == FileQuery(path)
    (tmp_path / "burst.wav").write_text("no sound")
    assert event_of(full, FileQuery(path)) == FileQuery(path)


def test_the_loudest_part_of_a_waveform_is_its_event(full, burst):
    event, rate = event_of(full, (burst, 22050))
    assert rate == 22050
    assert len(event) == pytest.approx(22050, abs=100)
    assert np.abs(event).min() == pytest.approx(np.abs(burst[22050 : 2 * 22050]).min(), abs=0.01)
    short, _ = event_of(full, (burst[:100], 22050))
    np.testing.assert_array_equal(short, burst[:100])


def test_the_loudest_part_may_begin_in_any_block():
    waveform = np.random.default_rng(1).standard_normal(400)
    for n_samples in (1, 30, 399, 400, 401):
        sums = [np.square(waveform[n : n + n_samples]).sum() for n in range(401 - n_samples)]
        expected = int(np.argmax(sums)) if sums else 0
        for n_block in (1, 7, 50, 400):
            blocks = np.split(waveform, range(n_block, 400, n_block))
            assert _start_of_loudest(blocks, n_samples) == (expected, 400)
    assert _start_of_loudest([], 3) == (0, 0)


def test_the_loudest_row_of_a_file_of_the_archive_is_its_event(full, few_sounds):
    rows = full.rows(where="path = 'low/7.wav'")
    loudest = int(rows["id"].iloc[rows["peak_db"].argmax()])
    assert event_of(full, FileQuery(str(few_sounds / "low" / "7.wav"))) == RowQuery(loudest)
    row = RowQuery(3)
    assert event_of(full, row) is row
