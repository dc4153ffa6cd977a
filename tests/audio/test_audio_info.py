"""Facts about files and parts."""

import math

from soundalike.audio.audio_info import AudioInfo, Part
from soundalike.audio.stream import Stream


def test_durations():
    assert AudioInfo(8000, 2, 12000, "WAV", "PCM_16").duration_s == 1.5
    assert Part(Stream(), 8000, 2, 12000, "WAV", "PCM_16").duration_s == 1.5
    assert math.isinf(Part(Stream(), 8000, 2, None, "MOV", "AAC").duration_s)


def test_floats_of_any_decoder():
    subtypes = ["FLOAT", "DOUBLE", "PCM_F32LE", "PCM_16", "AAC"]
    floats = [Part(Stream(), 8000, 1, 1, "X", subtype).is_float for subtype in subtypes]
    assert floats == [True, True, True, False, False]
