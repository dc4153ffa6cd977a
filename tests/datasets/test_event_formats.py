"""The values of a row in each format."""

import math

import pytest

from soundalike.datasets.event_formats import FORMATS, Event

BARK = Event(3, "/a/b.wav", 1.5, 2.25, "dog", 0.5, 11025.0)


@pytest.mark.parametrize("name", FORMATS)
def test_a_row_has_the_columns_of_the_header(name):
    if FORMATS[name].header:
        assert len(FORMATS[name].cells(BARK)) == len(FORMATS[name].header)


def test_what_other_programs_expect():
    assert FORMATS["birdnet"].cells(BARK) == ("1.500", "2.250", "dog", "dog", "0.5000", "/a/b.wav")
    assert FORMATS["audacity"].cells(BARK) == ("1.500000", "2.250000", "dog", "0.5000")
    row = dict(zip(FORMATS["raven"].header, FORMATS["raven"].cells(BARK), strict=True))
    assert (row["Selection"], row["View"], row["Channel"]) == ("3", "Spectrogram 1", "1")
    assert (row["Low Freq (Hz)"], row["High Freq (Hz)"]) == ("0.0", "11025.0")
    assert (row["Begin Time (s)"], row["File Offset (s)"]) == ("1.500", "1.500")


@pytest.mark.parametrize("name", FORMATS)
def test_a_label_without_a_score_is_a_persons(name):
    cells = FORMATS[name].cells(Event(1, "a.wav", 0.0, 1.0, "dog", math.nan, 4000.0))
    assert "nan" not in cells
    assert ("1.0000" in cells) is (name == "birdnet"), "which needs a confidence"
