"""The events of some recordings at a time, with a record, so that an interrupted run resumes."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike import __version__
from soundalike.datasets.clips import ClipTable, Problem
from soundalike.datasets.event_formats import COLUMNS
from soundalike.embedding.classify import assigned
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.event_windows import ClassWindows, merge_windows
from soundalike.embedding.model_config import config_of
from soundalike.embedding.model_folder import fingerprint
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.runtime.atomic import write_text
from soundalike.runtime.file_stamp import settled_stamp
from soundalike.runtime.parts import RECORD, cut_by_size

# A part is this many clips, or fewer if their files are large. A run that is killed loses one.
CLIPS_PER_PART, BYTES_PER_PART = 256, 64 * 2**20


@dataclass(frozen=True)
class EventPart:
    """Consecutive clips that are classified together.

    Args:
        clips: their positions.
        record: the file that says which events they have; it exists if the part is done.
    """

    clips: NDArray[np.int64]
    record: Path


@dataclass(frozen=True)
class PartRecord:
    """What was found in the clips of a part.

    Args:
        n_clips: clips that could be read.
        n_windows: their windows.
        seconds: their length.
        events: position of the clip in its part, number of the class, start and end in the
            recording in seconds, and probability of each event, clips in their order.
        problems: path, problem and message of each clip that could not be read.
    """

    n_clips: int
    n_windows: int
    seconds: float
    events: list[tuple[int, int, float, float, float]]
    problems: list[tuple[str, str, str]]

    def table(self, paths: NDArray[np.object_], classes: list[str]) -> pd.DataFrame:
        """Return the events as `write_events` takes them.

        Args:
            paths: of the part's clips, [clips].
            classes: names of the classes.
        """
        rows = [
            (paths[clip], start_s, end_s, classes[number], probability)
            for clip, number, start_s, end_s, probability in self.events
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))


def read_record(part: EventPart) -> PartRecord:
    """Return the record of a part that is done."""
    return PartRecord(**json.loads(part.record.read_text(encoding="utf-8")))


def cut_events(
    classifier: SoundClassifier, clips: ClipTable, false_alarms: float, folder: Path
) -> list[EventPart]:
    """Cut clips into parts.

    Records are named after the classifier, the clips, and the size and time of their files. So a
    record is used only for what it is of, and also if recordings were added in the meantime.

    Args:
        classifier: what classifies them.
        clips: the clips.
        false_alarms: see `classify`.
        folder: where the records are.
    """
    config = {
        "version": __version__,
        "model": config_of(classifier.model),
        "classes": classifier.classes,
        "multi_label": classifier.multi_label,
        "unit_length": classifier.unit_length,
        "temperature": classifier.temperature,
        "threshold": classifier.threshold,
        "false_alarms": false_alarms,
    }
    key = fingerprint(config, classifier)
    stamps = {path: settled_stamp(path) for path in clips.rows["path"].unique()}
    places = [[str(clip.path), clip.start_s, clip.end_s, *stamps[clip.path]] for clip in clips]
    sizes = [stamps[path][0] for path in clips.rows["path"]]
    parts = []
    for part in cut_by_size(sizes, CLIPS_PER_PART, BYTES_PER_PART):
        content = json.dumps([key, places[part.start : part.stop]])
        name = hashlib.sha256(content.encode()).hexdigest()[:32]
        parts.append(EventPart(np.array(part), folder / f"{name}{RECORD}"))
    return parts


def classify_part(
    classifier: SoundClassifier,
    reader: ClipReader,
    sounds: Iterator[Iterator[np.ndarray]],
    clips: NDArray[np.int64],
    known_threshold: float | None,
    record: Path,
) -> None:
    """Classify the next clips, and write the record of their events.

    Args:
        classifier: the classifier.
        reader: of the clips; its problems since the last part are of this one.
        sounds: what it yields.
        clips: positions in the reader, which are consecutive.
        known_threshold: see `KnownSounds.threshold`.
        record: the file to write.
    """
    first, n_clips, n_problems = int(clips[0]), len(clips), len(reader.problems)
    hop_s = reader.front_end.hop_s
    n_windows, last_start = np.zeros((2, n_clips), np.int64)
    rows = [np.zeros((5, 0))]  # clip, start, length, class, probability
    for batch in classifier.classify_windows(itertools.islice(sounds, n_clips)):
        n_windows += np.bincount(batch.clips, minlength=n_clips)
        np.maximum.at(last_start, batch.clips, batch.starts)
        probabilities = classifier.tempered(batch.probabilities)
        is_assigned = assigned(classifier, probabilities)
        if batch.known is not None and known_threshold is not None:
            is_assigned &= batch.known.max(axis=1, keepdims=True) >= known_threshold
        windows, classes = np.nonzero(is_assigned)
        places = [column[windows] for column in (batch.clips, batch.starts, batch.n_frames)]
        rows.append(np.stack([*places, classes, probabilities[windows, classes]]))
        reader.report(first + int(batch.clips[-1]), batch.starts[-1] * hop_s / 3600)
    is_read = (n_windows > 0) & ~np.isin(clips, list(reader.broken))
    start_s, end_s = reader.whole(clips[is_read])
    events = _events(reader, first, np.concatenate(rows, axis=1), is_read, last_start, classifier)
    content = PartRecord(
        n_clips=int(is_read.sum()),
        n_windows=int(n_windows[is_read].sum()),
        seconds=float((end_s - start_s).sum()),
        events=events,
        problems=[_cells(problem) for problem in reader.problems[n_problems:]],
    )
    write_text(record, json.dumps(vars(content)))
    reader.forget(clips)


def _events(
    reader: ClipReader,
    first: int,
    rows: NDArray[np.float64],
    is_read: NDArray[np.bool_],
    last_start: NDArray[np.int64],
    classifier: SoundClassifier,
) -> list[tuple[int, int, float, float, float]]:
    """Merge the windows of each clip of a part; see `classify_part` for what they are."""
    rows = rows[:, is_read[rows[0].astype(np.int64)]]
    clips, starts, n_frames, classes = rows[:4].astype(np.int64)
    times = reader.times(first + clips, starts, n_frames)
    is_sound = ~reader.is_silent(first + clips, *times)
    is_first, is_last = starts == 0, starts == last_start[clips]
    columns = classes, *times, rows[4], is_first, is_last
    hop_s = classifier.model.windows.hop_frames * reader.front_end.hop_s
    events = []
    for clip in np.unique(clips).tolist():
        selected = (clips == clip) & is_sound
        merged = merge_windows(ClassWindows(*(column[selected] for column in columns)), hop_s)
        events += [(clip, *event) for event in merged.rounded()]
    return events


def _cells(problem: Problem) -> tuple[str, str, str]:
    return problem.path, problem.problem, problem.message
