"""Pictures of sounds."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from soundalike.explore.spectrograms import spectrogram


def test_a_high_tone_is_a_bright_line_near_the_top():
    tone = np.sin(2 * np.pi * 3500 / 8000 * np.arange(8000)).astype(np.float32)
    picture = imread(io.BytesIO(spectrogram(tone, 8000, 40, 50)))[:, :, :3]
    assert picture.shape == (40, 50, 3)
    assert picture.sum(axis=2).mean(axis=1).argmax() < 6


@pytest.mark.parametrize("n_samples", [1, 7, 500])
def test_short_and_silent_sounds_have_pictures(n_samples):
    assert imread(io.BytesIO(spectrogram(np.zeros(n_samples, np.float32), 100, 20, 30))).any()
