"""Parts of clips: read with silence around them, joined where they touch."""

import numpy as np
import pytest
import soundfile

from soundalike.audio.landmarks import SAMPLE_RATE
from soundalike.datasets import shared_parts
from soundalike.datasets.clips import Clip
from soundalike.datasets.shared_parts import Recording, SharedPart, joined, read_part

RAMP = np.arange(2 * SAMPLE_RATE) / (2 * SAMPLE_RATE)


@pytest.fixture(params=["in memory", "from the file"])
def recording(request, tmp_path, monkeypatch):
    """A ramp of two seconds, of which the second half is the clip."""
    soundfile.write(tmp_path / "ramp.wav", RAMP, SAMPLE_RATE, subtype="FLOAT")
    if request.param == "from the file":
        monkeypatch.setattr(shared_parts, "IN_MEMORY_S", 0.0)
    return Recording(Clip(str(tmp_path / "ramp.wav"), start_s=1.0), 1.0)


@pytest.mark.parametrize("start_s", [-0.25, 0.0, 0.5])
@pytest.mark.parametrize("end_s", [0.75, 1.0, 1.25])
def test_a_part_is_read_with_silence_beyond_the_clip(recording, start_s, end_s):
    part = read_part(recording, start_s, end_s)
    padded = np.pad(RAMP[SAMPLE_RATE:], SAMPLE_RATE)
    expected = padded[round((1 + start_s) * SAMPLE_RATE) : round((1 + end_s) * SAMPLE_RATE)]
    assert part == pytest.approx(expected, abs=1e-6)


def test_parts_at_one_offset_that_nearly_touch_are_joined():
    parts = [
        SharedPart(0.0, 2.0, 5.0, 0.9),
        SharedPart(1.0, 3.0, 7.0, 0.8),  # another offset
        SharedPart(2.5, 8.5, 5.001, 1.0),
        SharedPart(3.0, 4.0, 5.0, 0.9),
        SharedPart(20.0, 21.0, 5.0, 0.7),  # much later
    ]
    first, second, third = joined(reversed(parts))
    assert first[:3] == (0.0, 8.5, 5.0)
    assert 0.9 < first.correlation < 1.0
    assert (second, third) == (parts[1], parts[4])


def test_a_part_seen_from_the_other_clip():
    part = SharedPart(1.0, 3.0, 4.0, 0.9)
    assert part.swapped() == SharedPart(5.0, 7.0, -4.0, 0.9)
    assert part.swapped().swapped() == part
