"""Plucked strings have the requested pitch and decay."""

import numpy as np
import pytest
from numpy.random import RandomState

from soundalike.synthesis.elements import SAMPLE_RATE
from soundalike.synthesis.strings import pluck

SECOND = SAMPLE_RATE


def strongest_frequency(waveform, low, high):
    """The peak of the spectrum between two frequencies, to a fraction of a hertz."""
    n_fft = 8 * len(waveform)
    magnitude = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), n_fft))
    frequencies = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    inside = (frequencies > low) & (frequencies < high)
    return frequencies[inside][np.argmax(magnitude[inside])]


def centroid(waveform):
    """The mean frequency of the energy."""
    energy = np.abs(np.fft.rfft(waveform)) ** 2
    return np.sum(np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE) * energy) / np.sum(energy)


@pytest.mark.parametrize("softness", [0.02, 0.3, 0.5])
@pytest.mark.parametrize("frequency", [41.2, 82.41, 110.0, 329.63, 880.5])
def test_a_plucked_string_has_the_requested_pitch(frequency, softness):
    string = pluck(RandomState(0), frequency, 1.0, softness, 0.2, 2 * SECOND)
    measured = strongest_frequency(string, 0.8 * frequency, 1.2 * frequency)
    assert abs(1200 * np.log2(measured / frequency)) < 10  # cents


def test_high_partials_of_a_plucked_string_decay_sooner():
    string = pluck(RandomState(0), 220.0, 0.5, 0.3, 0.2, 2 * SECOND)
    fundamental = np.abs(
        np.exp(-2j * np.pi * 220.0 * np.arange(len(string)) / SAMPLE_RATE) * string
    )
    early, late = (np.mean(fundamental[start : start + 8820]) for start in (8820, 8820 + 22_050))
    assert late / early < 1.1 * np.exp(-1)
    assert centroid(string[: SECOND // 4]) > 1.5 * centroid(string[SECOND // 2 :])
