"""The data of augmented pairs."""

import numpy as np

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip
from soundalike.report.view_samples import Cut, View, ViewSamples

EMPTY = np.zeros((1, 1), np.float32)


def cut(is_silent):
    return Cut(Clip("a.wav"), 1.0, False, 0.0, EMPTY, EMPTY[0], True, is_silent=is_silent)


def test_silent_patches_are_counted_and_silent_backgrounds_are_not():
    plain = View(cut(True), None, 0.0, {}, EMPTY, EMPTY[0])
    mixed = View(cut(False), cut(True), 0.1, {}, EMPTY, EMPTY[0])
    samples = ViewSamples("x", 1, 1, 0, LogMel(), {}, 60.0, None, 0, [(plain, mixed)])
    assert samples.n_silent_patches == 1
    assert len(samples.cuts) == 3
