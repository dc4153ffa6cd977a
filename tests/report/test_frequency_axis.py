"""Axis labels of frequencies."""

import numpy as np
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.report.frequency_axis import frequency_labels

RATE = 22050


def test_a_tone_is_at_the_tick_of_its_frequency():
    for front_end in (LogMel(), LogMel(n_mels=40, fmax=8000), LogMel(n_fft=1024, n_mels=160)):
        places = frequency_labels(front_end)
        assert len(places) >= 4
        for name, place in places.items():
            number, unit = name.split()
            frequency = int(number) * {"Hz": 1, "kHz": 1000}[unit]
            tone = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE).astype(np.float32)
            loudest = front_end(tone)[50].argmax() + 0.5
            width = 3 * max(1, 30 / frequency * 10)  # low bands are narrower than a window tells
            assert loudest == pytest.approx(place * front_end.n_mels, abs=width), name


def test_ticks_do_not_overlap():
    for fmax in (400, 2000, 10500):
        places = list(frequency_labels(LogMel(fmax=fmax)).values())
        assert all(0 <= place <= 1 for place in places)
        assert (np.diff(sorted(places)) >= 0.12 - 1e-9).all()
        assert len(places) >= 2


def test_ticks_stay_inside_the_range_of_the_filters():
    assert frequency_labels(LogMel(fmin=101, fmax=102, n_mels=2)) == {}
