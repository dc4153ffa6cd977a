"""Write events in recordings to tables, which Raven, Audacity and BirdNET's users open."""

import contextlib
import csv
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import open_sound
from soundalike.datasets.clips import SourceError
from soundalike.datasets.event_formats import COLUMNS, CONTROL, FORMATS, Event
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.counts import counted

TEXT = ".txt"
LOWEST_NYQUIST_HZ = 4000.0  # of recordings that cannot be read


def check_event_output(out: Path, format: str, n_recordings: int) -> None:
    """Refuse an output that does not fit the format, before any work.

    Args:
        out: a .csv file for the formats "csv" and "birdnet". For the others a folder, which gets a
            table for each recording; or a .txt file if there is one recording.
        format: a key of `FORMATS`.
        n_recordings: number of recordings.

    Raises:
        SourceError: `out` does not fit.
    """
    suffix = out.suffix.lower()
    if not FORMATS[format].is_per_recording:
        if out.is_dir():
            raise SourceError(f"{out}: is a folder: name the .csv file to write.")
        if suffix != ".csv":
            raise SourceError(f"{out}: the format {format} is one file: name a .csv file.")
    elif suffix == TEXT and not out.is_dir():
        if n_recordings != 1:
            recordings = counted(n_recordings, "recording")
            raise SourceError(
                f"{out}: the format {format} has a table for each of {recordings}: name a folder."
            )
    elif (suffix in (".csv", ".tsv") and not out.is_dir()) or out.is_file():
        raise SourceError(f"{out}: the format {format} has a table per recording: name a folder.")
    if out.exists() and not out.is_dir() and not out.is_file():
        raise SourceError(f"{out}: is not a regular file: name another.")


def write_events(
    events: pd.DataFrame | Iterable[pd.DataFrame],
    out: Path,
    format: str,
    *,
    recordings: Iterable[str] = (),
    root: str = "",
) -> None:
    """Write events to one table, or to a table per recording; each file atomically.

    A label is written on one line: control characters become spaces. Tables of Raven and Audacity
    are named after their recordings, so they are found where they lie beside these; `out` repeats
    the folders of the recordings.

    Args:
        events: path, start_s, end_s, label and score (NaN: none) of each event, or several such
            tables, of which no two have events of the same recording.
        out: the file or the folder, as `check_event_output` says.
        format: a key of `FORMATS`.
        recordings: all recordings; those without events get empty tables, too.
        root: folder whose subfolders `out` repeats; by default the deepest with all recordings.

    Raises:
        SourceError: `out` does not fit the format.
        OSError: a file cannot be written.
    """
    tables = [events] if isinstance(events, pd.DataFrame) else events
    if not FORMATS[format].is_per_recording:
        check_event_output(out, format, 1)
        with _table(out, format) as add:
            for table in tables:
                add(table)
        return
    if isinstance(events, pd.DataFrame):
        recordings = dict.fromkeys([*recordings, *events["path"]])
    paths = list(dict.fromkeys(recordings))
    check_event_output(out, format, len(paths))
    of_recording = table_paths(paths, out, format, root)
    groups = itertools.chain.from_iterable(table.groupby("path", sort=False) for table in tables)
    for path, of_path in groups:
        _write_table(of_recording.pop(path), format, of_path, _nyquist_hz(path, format))
    for place in of_recording.values():
        _write_table(place, format, pd.DataFrame(columns=COLUMNS), LOWEST_NYQUIST_HZ)


def table_paths(recordings: list[str], out: Path, format: str, root: str = "") -> dict[str, Path]:
    """Return where the table of each recording is written in a format that has one for each.

    >>> table_paths(["/s/a/1.wav", "/s/b/1.wav"], Path("/t"), "audacity")["/s/b/1.wav"].as_posix()
    '/t/b/1.wav.txt'
    """
    if out.suffix.lower() == TEXT and not out.is_dir():
        return dict.fromkeys(recordings, out)
    folders = [os.path.dirname(os.path.abspath(path)) for path in recordings]
    common = os.path.commonpath(folders) if folders else ""
    if root and os.path.commonpath([os.path.abspath(root), *folders]) == os.path.abspath(root):
        common = os.path.abspath(root)
    suffix = FORMATS[format].of_recording
    return {
        path: out / os.path.relpath(folder, common) / f"{os.path.basename(path)}{suffix}"
        for path, folder in zip(recordings, folders, strict=True)
    }


def _write_table(path: Path, format: str, events: pd.DataFrame, nyquist_hz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _table(path, format, nyquist_hz) as add:
        add(events)


@contextlib.contextmanager
def _table(
    path: Path, format: str, nyquist_hz: float = LOWEST_NYQUIST_HZ
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Open a table; yield a function that adds events to it."""
    kind, n_rows = FORMATS[format], 0
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")

        def write(cells: tuple[str, ...]) -> None:
            if kind.is_per_recording:  # Raven and Audacity know no quotes around values
                file.write("\t".join(cells) + "\n")
            else:
                writer.writerow(cells)

        def add(events: pd.DataFrame) -> None:
            nonlocal n_rows
            rows = zip(*(events[column].tolist() for column in COLUMNS), strict=True)
            for sound, start_s, end_s, label, score in rows:
                n_rows += 1
                line = CONTROL.sub(" ", label).strip()
                write(kind.cells(Event(n_rows, sound, start_s, end_s, line, score, nyquist_hz)))

        if kind.header:
            write(kind.header)
        yield add


def _nyquist_hz(path: str, format: str) -> float:
    """Return half the sample rate of a recording, where a format needs it."""
    try:
        if FORMATS[format].has_frequencies:
            with open_sound(path) as sound:
                return sound.parts[0].sample_rate / 2
    except (AudioError, OSError):
        pass
    return LOWEST_NYQUIST_HZ
