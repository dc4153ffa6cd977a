"""Recordings to events: windows of one class that touch become one, with a start and an end.

Recordings are classified in parts, and the tables are written when all parts are done. An
interrupted run resumes.
"""

import dataclasses
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.clips import ClipTable, Problem
from soundalike.datasets.durations import durations_s
from soundalike.datasets.event_files import check_event_output, write_events
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.classify import FALSE_ALARMS, known_threshold, require_threshold
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.event_parts import EventPart, classify_part, cut_events, read_record
from soundalike.embedding.reading_bar import ReadingBar
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.counts import counted
from soundalike.runtime.folders import output_folder
from soundalike.runtime.lock import locked_file

PARTS = ".parts"


@dataclass(frozen=True)
class EventsResult:
    """What `classify_events` wrote.

    Args:
        n_clips: recordings, or segments of some, that were classified.
        hours: their length.
        n_windows: their windows.
        n_events: number of events.
        classes: number of events of each class that has any.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
    """

    n_clips: int
    hours: float
    n_windows: int
    n_events: int
    classes: dict[str, int]
    n_problems: int
    problems: str | None


def classify_events(
    classifier: SoundClassifier,
    clips: ClipTable,
    out: Path,
    *,
    format: str = "csv",
    false_alarms: float = FALSE_ALARMS,
    strict: bool = False,
    progress: bool = True,
) -> EventsResult:
    """Write the events in recordings to a table, or to one per recording.

    A window has the classes that `classify` would answer with: none if it is unsure, silent or none
    of the classes. Windows of one class that overlap or touch are one event, which starts and ends
    where `merge_windows` says; its score is the highest probability of them. Memory does not grow
    with the length and the number of recordings. Broken clips are skipped and listed beside `out`.

    Args:
        classifier: from sounds to class probabilities.
        clips: the recordings, or segments of some.
        out: what `write_events` writes, when all recordings are done.
        format: a key of `FORMATS`.
        false_alarms: see `classify`.
        strict: If true, a broken clip is an error.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        ModelError: the classifier has no threshold yet.
        SourceError: `out` does not fit the format.
        InUseError: another run is writing `out`.
        BrokenClipsError: every clip is broken, or one is and `strict` is set.
        OSError: a file cannot be written.
    """
    require_threshold(classifier)
    clips = _by_recording(clips)
    recordings = clips.rows["path"].unique().tolist()
    check_event_output(out, format, len(recordings))
    if strict and clips.problems:
        raise BrokenClipsError(clips.problems[0].message)
    folder = out.with_name(out.name + PARTS)
    with output_folder(out.parent), locked_file(out), output_folder(folder):
        remove_partial_files(folder, out)
        parts = cut_events(classifier, clips, false_alarms, folder)
        reader = _classify(classifier, clips, parts, false_alarms, strict, progress)
        result = _count(parts, classifier.classes, reader, clips.problems)
        if not result.n_clips:
            shutil.rmtree(folder)
            reader.require_some(0)
        if strict and reader.problems:
            raise BrokenClipsError(reader.problems[0].message)
        paths = clips.rows["path"].to_numpy(object)
        tables = (read_record(part).table(paths[part.clips], classifier.classes) for part in parts)
        write_events(tables, out, format, recordings=recordings, root=clips.root)
        problems = reader.write_problems(out)
        shutil.rmtree(folder)
    return dataclasses.replace(result, problems=problems)


def _by_recording(clips: ClipTable) -> ClipTable:
    """Return the clips with those of one recording one after the other."""
    recording, _ = pd.factorize(clips.rows["path"])
    return dataclasses.replace(clips, rows=clips.rows.iloc[np.argsort(recording, kind="stable")])


def _classify(
    classifier: SoundClassifier,
    clips: ClipTable,
    parts: list[EventPart],
    false_alarms: float,
    strict: bool,
    progress: bool,
) -> ClipReader:
    """Make the records that are missing; return the reader of their clips."""
    hours = durations_s(clips) / 3600
    mean_hours = 0.0 if np.isnan(hours).all() else float(np.nanmean(hours))
    hours = np.where(np.isnan(hours), mean_hours, hours)
    todo = [part for part in parts if not part.record.exists()]
    is_todo = np.zeros(len(clips), np.bool_)
    is_todo[[clip for part in todo for clip in part.clips]] = True
    if progress and not is_todo.all():
        n_done = f"{int((~is_todo).sum()):,} of {counted(len(clips), 'clip')}"
        print(f"classify: resumes after {n_done}", file=sys.stderr)
    rest = dataclasses.replace(clips.where(is_todo), notes=clips.notes)
    bar = ReadingBar(
        "classify",
        hours[is_todo],
        n_before=float(hours[~is_todo].sum()),
        unit="hours of audio",
        is_shown=progress,
    )
    front_end = classifier.model.front_end
    reader = ClipReader(front_end, rest, strict=strict, name="classify", progress=progress, bar=bar)
    threshold = known_threshold(classifier, false_alarms)
    sounds, n_before = iter(reader), 0
    with reader:
        for part in todo:
            positions = n_before + np.arange(len(part.clips))
            classify_part(classifier, reader, sounds, positions, threshold, part.record)
            n_before += len(part.clips)
    return reader


def _count(
    parts: list[EventPart], classes: list[str], reader: ClipReader, problems: list[Problem]
) -> EventsResult:
    """Count what is in the records; the reader gets their problems and those of the source."""
    n_clips = n_windows = 0
    seconds, n_events = 0.0, Counter[str]()
    reader.problems = [*problems]
    for part in parts:
        record = read_record(part)
        n_clips += record.n_clips
        n_windows += record.n_windows
        seconds += record.seconds
        n_events.update(classes[event[1]] for event in record.events)
        reader.problems += [Problem(*cells) for cells in record.problems]
    return EventsResult(
        n_clips=n_clips,
        hours=round(seconds / 3600, 3),
        n_windows=n_windows,
        n_events=n_events.total(),
        classes={name: n_events[name] for name in classes if n_events[name]},
        n_problems=len(reader.problems),
        problems=None,
    )
