"""Sounds to a CSV file of classes: path, start_s, end_s, class, probability, guess."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.output_file import claimed_file
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.runtime.atomic import atomic_write

UNSURE = "unsure"


@dataclass(frozen=True)
class ClassifyResult:
    """What `classify` wrote.

    Args:
        n_clips: clips that were classified.
        n_rows: rows that were written, one for each clip or window.
        n_unsure: rows of the class "unsure".
        classes: number of rows of each class.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
    """

    n_clips: int
    n_rows: int
    n_unsure: int
    classes: dict[str, int]
    n_problems: int
    problems: str | None


def classify(
    classifier: SoundClassifier,
    clips: ClipTable,
    out: Path,
    *,
    windows: bool = False,
    strict: bool = False,
    progress: bool = True,
) -> ClassifyResult:
    """Write the class of every clip to a CSV file.

    `guess` is the most probable class. `class` is the same, or "unsure" where its probability is
    below the classifier's threshold: for clips like those of the evaluation, at least 90% of the
    other answers are correct, with a confidence of 90%. Where clips may have several classes,
    `class` lists all that reach the threshold, separated by ";". `end_s` is blank where a clip ends
    with its file, and never lies beyond the end of the file. Broken clips are skipped and listed
    beside the file.

    Args:
        classifier: from sounds to class probabilities.
        clips: the clips to classify.
        out: the CSV file; replaced only when all rows are written.
        windows: If true, every window has a row instead of every clip.
        strict: If true, a broken clip is an error.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        ModelError: the classifier has no threshold yet.
        SourceError: `out` is a folder, or is not named .csv.
        InUseError: another run is writing `out`.
        BrokenClipsError: every clip is broken, or one is and `strict` is set.
        OSError: a file cannot be written.
    """
    if classifier.threshold is None:
        raise ModelError(
            "the classifier has no threshold, since its evaluation was interrupted: run "
            "`soundalike evaluate` again, or set --threshold."
        )
    with claimed_file(out, [".csv"]):
        front_end = classifier.model.front_end
        reader = ClipReader(front_end, clips, strict=strict, name="classify", progress=progress)
        rows, n_clips = _classified(classifier, reader, windows)
        with atomic_write(out) as path:
            rows.to_csv(path, index=False)
        problems = reader.write_problems(out)
    return ClassifyResult(
        n_clips=n_clips,
        n_rows=len(rows),
        n_unsure=int((rows["class"] == UNSURE).sum()),
        classes={str(name): int(n) for name, n in rows["class"].value_counts().items()},
        n_problems=len(reader.problems),
        problems=problems,
    )


def _classified(
    classifier: SoundClassifier, reader: ClipReader, windows: bool
) -> tuple[pd.DataFrame, int]:
    """Return a row for every clip, or for every window, and the number of clips."""
    results = classifier.window_probabilities(reader)
    positions, clip_of_window = np.unique(results.clips, return_inverse=True)
    reader.require_some(len(positions))
    columns = ["path", "start_s", "end_s"]
    rows = reader.clips.rows.iloc[results.clips if windows else positions][columns]
    probabilities: np.ndarray = results.probabilities
    if windows:
        times = reader.times(results.clips, results.starts, results.n_frames)
    else:
        times = rows["start_s"].fillna(0.0).to_numpy(float), reader.ends(positions)
        probabilities = clip_scores(results.probabilities, clip_of_window, classifier.clip_score)
    start_s, end_s = times[0].round(3), np.floor(times[1] * 1000 + 1e-6) / 1000
    rows = rows.assign(start_s=start_s, end_s=end_s, **_answers(classifier, probabilities))
    return rows, len(positions)


def _answers(classifier: SoundClassifier, probabilities: np.ndarray) -> dict[str, Any]:
    """Return the columns of answers from probabilities [rows, classes]."""
    names = np.array(classifier.classes)
    guess, highest = names[probabilities.argmax(axis=1)], probabilities.max(axis=1)
    if classifier.multi_label:
        is_assigned = probabilities >= classifier.threshold
        answers = [";".join(names[row]) or UNSURE for row in is_assigned]
    else:
        answers = list(np.where(highest >= classifier.threshold, guess, UNSURE))
    return {"class": answers, "probability": highest.round(4), "guess": guess}
