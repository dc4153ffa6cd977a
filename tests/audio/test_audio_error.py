"""Errors of sound files: one line each, also from another process."""

import pickle

import pytest

from soundalike.audio.audio_error import (
    AudioError,
    damaged,
    incomplete,
    needs_extra,
    not_audio,
    truncated,
)
from soundalike.audio.signatures import Kind


@pytest.mark.parametrize(
    "error",
    [
        truncated("a\n.wav"),
        truncated("a.wav", 1.0, 2.0),
        damaged("a.wav", 0.0),
        damaged("a.wav", 5.0),
        incomplete("a.wav", 1.0, 3.0),
        needs_extra("a.m4a", Kind("MPEG-4", "mov")),
        needs_extra("a", None),
        not_audio("a.wav", None, "?"),
        not_audio("a.wav", Kind("MIDI", hint="render it"), "?"),
        not_audio("a.wav", Kind("WAV", "wav"), "an odd codec"),
    ],
    ids=str,
)
def test_a_line_names_the_file_and_says_what_to_do(error):
    line = str(error)
    assert line.startswith("a")
    assert line.isprintable()
    assert error.problem in line
    assert "; " in line
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.problem) == (line, error.path, error.problem)
    assert isinstance(again, AudioError)


def test_damage_says_what_can_still_be_used():
    assert "end_s: 5.00" in str(damaged("a.flac", 5.0))
    assert "end_s" not in str(damaged("a.flac", 0.0))


def test_the_extra_is_named():
    assert "pip install 'soundalike[av]'" in str(needs_extra("a.m4a", Kind("MPEG-4", "mov")))
