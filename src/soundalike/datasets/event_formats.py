"""How events are written for other programs.

An event is a stretch of a recording with a label and a score. Times are seconds from the start of
the recording. `FORMATS` is the table of formats; `read_source` reads all of them back. Adding one
takes a function and a line in the table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

COLUMNS = ("path", "start_s", "end_s", "label", "score")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class EventFormat:
    """How events are written.

    Args:
        header: names of the columns; () if the format has no header.
        cells: the values of a row, from an event.
        of_recording: what follows the name of a recording in that of its table, such as ".txt"; ""
            if one CSV file is of all recordings.
    """

    header: tuple[str, ...]
    cells: Callable[["Event"], tuple[str, ...]]
    of_recording: str = ""

    @property
    def is_per_recording(self) -> bool:
        """If true, every recording has a table of its own."""
        return bool(self.of_recording)

    @property
    def has_frequencies(self) -> bool:
        """If true, rows have frequencies."""
        return "High Freq (Hz)" in self.header


@dataclass(frozen=True)
class Event:
    """A row of a table of events.

    Args:
        number: position in its table, from 1.
        path: the recording.
        start_s: start in the recording, in seconds.
        end_s: end in the recording, in seconds.
        label: one class, or several separated by ";", on one line.
        score: from 0 to 1; NaN for what a person has labeled.
        nyquist_hz: half the sample rate of the recording.
    """

    number: int
    path: str
    start_s: float
    end_s: float
    label: str
    score: float
    nyquist_hz: float

    def score_or(self, text: str) -> str:
        """Return the score as text, or the text if there is none."""
        return text if self.score != self.score else f"{self.score:.4f}"


def _manifest_cells(event: Event) -> tuple[str, ...]:
    times = f"{event.start_s:.3f}", f"{event.end_s:.3f}"
    return event.path, *times, event.label, event.score_or("")


def _birdnet_cells(event: Event) -> tuple[str, ...]:
    times = f"{event.start_s:.3f}", f"{event.end_s:.3f}"
    return *times, event.label, event.label, event.score_or("1.0000"), event.path


def _audacity_cells(event: Event) -> tuple[str, ...]:
    cells = f"{event.start_s:.6f}", f"{event.end_s:.6f}", event.label
    return (*cells, event.score_or("")) if event.score_or("") else cells


def _raven_cells(event: Event) -> tuple[str, ...]:
    start, end = f"{event.start_s:.3f}", f"{event.end_s:.3f}"
    # Without a path, the table belongs to the sound whose name it begins with.
    path = "" if CONTROL.search(event.path) else event.path
    box = "0.0", f"{event.nyquist_hz:.1f}"  # Raven refuses a box above the Nyquist frequency
    of_view = str(event.number), "Spectrogram 1", "1"
    return *of_view, start, end, *box, event.label, event.score_or(""), path, start


_RAVEN_HEADER = (
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)",
    "High Freq (Hz)", "Annotation", "Confidence", "Begin Path", "File Offset (s)",
)  # fmt: skip
_BIRDNET_HEADER = (
    "Start (s)", "End (s)", "Scientific name", "Common name", "Confidence", "File",
)  # fmt: skip

FORMATS = {
    "csv": EventFormat(COLUMNS, _manifest_cells),
    "raven": EventFormat(_RAVEN_HEADER, _raven_cells, ".selections.txt"),
    "audacity": EventFormat((), _audacity_cells, ".txt"),
    "birdnet": EventFormat(_BIRDNET_HEADER, _birdnet_cells),
}
"""The formats of tables of events, by the name that users give."""
