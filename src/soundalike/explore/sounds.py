"""The sound of a row: its window, and what is around it, for a browser to play.

Browsers play few formats, and seek in some of them by guesses. So what the page plays is decoded
here, to WAV. Times are in seconds in the recording.
"""

import functools
import io
import math
import mimetypes
import os
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundalike.audio.sound_file import open_sound
from soundalike.audio.waveform import read_waveform

HIGHEST_RATE = 48_000  # browsers resample to about this rate anyway
LONGEST_S = 60.0
CONTEXT_S = 10.0  # of a short window; a longer one has half of itself on either side
PEAK = 0.8
# Formats that all current browsers play, with their types.
PLAYABLE = {".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a"}


@dataclass(frozen=True)
class Stretch:
    """A stretch of a recording, in seconds."""

    start_s: float
    end_s: float


class NoSuchRowError(Exception):
    """There is no row of this id."""

    exit_code = 2


class StretchError(Exception):
    """There is no such stretch."""

    exit_code = 2


def checked_stretch(start_s: float, end_s: float) -> Stretch:
    """Return a stretch that may be one of a recording.

    Raises:
        StretchError: it is empty or endless, or begins before the recording.
    """
    if not (0 <= start_s < end_s < math.inf):
        raise StretchError(f"{start_s} to {end_s} s is no part of a recording.")
    return Stretch(start_s, end_s)


def context(start_s: float, end_s: float, recording_end_s: float) -> Stretch:
    """Return a stretch around a window, at most a minute long.

    >>> context(20.0, 22.0, 300.0)
    Stretch(start_s=16.0, end_s=26.0)
    >>> context(0.0, 1.0, 1.5)
    Stretch(start_s=0.0, end_s=1.5)
    """
    duration_s = min(max(CONTEXT_S, 2 * (end_s - start_s)), LONGEST_S)
    latest_s = max(0.0, recording_end_s - duration_s)
    first_s = min(max(0.0, (start_s + end_s - duration_s) / 2), latest_s)
    return Stretch(first_s, min(first_s + duration_s, max(recording_end_s, end_s)))


@functools.lru_cache(maxsize=32)
def waveform_of(path: str, start_s: float, end_s: float) -> tuple[NDArray[np.float32], int]:
    """Read a stretch of a sound file at its own rate, or at 48 kHz if that is lower.

    Returns:
        The waveform and its rate.

    Shape:
        waveform: [samples].

    Raises:
        AudioError: the file is gone, damaged, or too short.
    """
    with open_sound(path) as sound:
        rate = min(sound.parts[0].sample_rate, HIGHEST_RATE)
    return read_waveform(path, rate, start_s, min(end_s, start_s + LONGEST_S)), rate


def wav_of(path: str, start_s: float, end_s: float) -> bytes:
    """Return a stretch of a sound file as WAV: mono, 16 bits, all at the same peak.

    Raises:
        AudioError: the file is gone, damaged, or too short.
    """
    waveform, rate = waveform_of(path, start_s, end_s)
    peak = max(float(np.abs(waveform).max()), 1e-6)
    content = io.BytesIO()
    soundfile.write(content, waveform * (PEAK / peak), rate, format="WAV", subtype="PCM_16")
    return content.getvalue()


def playable_type(path: str) -> str | None:
    """Return the media type of a sound file that browsers play; None if they do not.

    Raises:
        AudioError: the file is gone, or is no sound.
    """
    with open_sound(path):
        suffix = os.path.splitext(path)[1].lower()
    return mimetypes.guess_type(f"sound{suffix}")[0] if suffix in PLAYABLE else None
