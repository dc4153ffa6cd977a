"""The lengths of clips."""

import numpy as np
import soundfile

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.durations import durations_s


def test_lengths_of_files_and_of_segments(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 16000)
    path = str(tmp_path / "a.wav")
    some = [Clip(path), Clip(path, start_s=0.25), Clip("x", start_s=1.0, end_s=3.0), Clip("none")]
    clips = ClipTable.of("x", some)
    np.testing.assert_equal(durations_s(clips), [0.5, 0.25, 2.0, np.nan])
    np.testing.assert_equal(durations_s(clips, most_read=2), [0.5, np.nan, np.nan, np.nan])
    assert durations_s(clips.where(np.zeros(0, int))).shape == (0,)
