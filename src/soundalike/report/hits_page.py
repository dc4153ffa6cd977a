"""The page of a search: its query and its results to see and hear, the most similar first."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.report.frequency_axis import frequency_labels
from soundalike.report.media import Media, PlayablePicture, color_range
from soundalike.report.page import write_page


@dataclass(frozen=True)
class Hit:
    """A part of a sound file that a search has returned, or that was searched for.

    Args:
        name: what it is called on the page.
        file: the sound file.
        start_s: start of the part.
        end_s: end of the part.
        similarity: to the query, from -1 to 1; None for a query itself.
        label: of the clip; "" if unknown.
    """

    name: str
    file: str
    start_s: float
    end_s: float
    similarity: float | None = None
    label: str = ""


@dataclass(frozen=True)
class Card:
    """A hit on the page; without a picture if its file cannot be read."""

    hit: Hit
    picture: PlayablePicture | None


def write_hits_page(
    path: str | Path,
    query: str,
    hits: Iterable[Hit],
    examples: Iterable[Hit] = (),
    front_end: LogMel | None = None,
) -> None:
    """Write the page: one HTML file that shows and plays the hits offline.

    Args:
        path: the HTML file.
        query: what was searched for, in words.
        hits: the most similar first.
        examples: the sounds that were searched for.
        front_end: of the model, for the pictures; by default that of the included model.

    Raises:
        OSError: the file cannot be written.
    """
    front_end = front_end or LogMel()
    parts = list(examples)
    n_examples = len(parts)
    readings = [(hit, _waveform(hit, front_end)) for hit in [*parts, *hits]]
    log_mels = [front_end.of_clip(waveform) for _, waveform in readings if waveform is not None]
    media = Media(front_end.sample_rate, color_range(log_mels) if log_mels else (0.0, 1.0))
    pictures = iter(log_mels)
    cards = [
        Card(hit, None if waveform is None else media.add(hit.name, next(pictures), waveform))
        for hit, waveform in readings
    ]
    write_page(
        path,
        "report/hits.html",
        query=query,
        examples=cards[:n_examples],
        cards=cards[n_examples:],
        n_missing=sum(card.picture is None for card in cards),
        frequencies=frequency_labels(front_end),
        sounds=media.sounds,
    )


def _waveform(hit: Hit, front_end: LogMel) -> NDArray[np.float32] | None:
    try:
        return read_waveform(hit.file, front_end.sample_rate, hit.start_s, hit.end_s)
    except AudioError:
        return None
