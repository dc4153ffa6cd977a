"""Sounds to a CSV file of answers.

Its columns are path, start_s, end_s, class, class_1, probability_1, and so on to probability_3, and
known: `class` is the answer, the next are the most probable classes, and `known` says how much the
sound is like the classes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.cells import NONE, SILENT, UNSURE
from soundalike.datasets.clips import ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.output_file import claimed_file
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.conformal import fewest_held_out
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.counts import counted

N_BEST = 3
FALSE_ALARMS = 0.05


@dataclass(frozen=True)
class ClassifyResult:
    """What `classify` wrote.

    Args:
        n_clips: clips that were classified.
        n_windows: their windows.
        n_uncut: clips that are one window each.
        n_rows: rows that were written, one for each clip or window.
        n_unsure: rows of the class "unsure".
        n_none: rows of the class "none of these".
        n_silent: rows of the class "silent".
        known_threshold: value of the column known below which a row is "none of these"; None if no
            row is.
        classes: number of rows of each class.
        n_problems: clips that were skipped because they could not be read.
        problems: the CSV file that lists them, if there are any.
    """

    n_clips: int
    n_windows: int
    n_uncut: int
    n_rows: int
    n_unsure: int
    n_none: int
    n_silent: int
    known_threshold: float | None
    classes: dict[str, int]
    n_problems: int
    problems: str | None


def classify(
    classifier: SoundClassifier,
    clips: ClipTable,
    out: Path,
    *,
    windows: bool = False,
    false_alarms: float = FALSE_ALARMS,
    strict: bool = False,
    progress: bool = True,
) -> ClassifyResult:
    """Write the class of every clip to a CSV file.

    `class` is the answer, `class_1` to `class_3` are the most probable classes, with their
    probabilities. The answer is one of these, the first that applies:

    * "silent": the clip stays 80 dB below full scale. Its most probable classes are blank.
    * "none of these": the clip is less like the classes than all but a few clips of the evaluation
      were: its `known` is below the result's `known_threshold`. Of clips of the classes, at most
      `false_alarms` get this answer. Not with a classifier without `known`, whose column is blank,
      and not if the clips of the evaluation are too few (19 for 5%).
    * blank: the classifier is a detector, and its probability does not reach the threshold.
    * "unsure": no probability reaches the classifier's threshold. For clips like those of the
      evaluation, at least 90% of the other answers are correct, with a confidence of 90%.
    * the most probable class. Where clips may have several classes, all that reach the threshold,
      separated by ";".

    `end_s` is blank where a clip ends with its file, and never lies beyond the end of the file.
    Broken clips are skipped and listed beside the file.

    Args:
        classifier: from sounds to class probabilities.
        clips: the clips to classify.
        out: the CSV file; replaced only when all rows are written.
        windows: If true, every window has a row instead of every clip.
        false_alarms: share of clips of the classes that may be called "none of these", from 0 to
            below 1. A higher one calls more of the other sounds so, too; at 0 none.
        strict: If true, a broken clip is an error.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        ModelError: the classifier has no threshold yet.
        SourceError: `out` is a folder, or is not named .csv.
        InUseError: another run is writing `out`.
        BrokenClipsError: every clip is broken, or one is and `strict` is set.
        OSError: a file cannot be written.
    """
    require_threshold(classifier)
    with claimed_file(out, [".csv"]):
        front_end = classifier.model.front_end
        reader = ClipReader(front_end, clips, strict=strict, name="classify", progress=progress)
        rows, n_windows = _classified(classifier, reader, windows, false_alarms)
        with atomic_write(out) as path:
            rows.to_csv(path, index=False)
        problems = reader.write_problems(out)
    return ClassifyResult(
        n_clips=len(n_windows),
        n_windows=int(n_windows.sum()),
        n_uncut=int((n_windows == 1).sum()),
        n_rows=len(rows),
        n_unsure=int((rows["class"] == UNSURE).sum()),
        n_none=int((rows["class"] == NONE).sum()),
        n_silent=int((rows["class"] == SILENT).sum()),
        known_threshold=known_threshold(classifier, false_alarms),
        classes={str(name): int(n) for name, n in rows["class"].value_counts().items() if name},
        n_problems=len(reader.problems),
        problems=problems,
    )


def require_threshold(classifier: SoundClassifier) -> None:
    """Refuse a classifier that was not calibrated.

    Raises:
        ModelError: it has no threshold.
    """
    if classifier.threshold is None:
        raise ModelError(
            "the classifier has no threshold, since its evaluation was interrupted: run "
            "`soundalike evaluate` again, or set --threshold."
        )


def known_threshold(classifier: SoundClassifier, false_alarms: float) -> float | None:
    """Return how much a sound of the classes is like them at least; None if that is not known."""
    return classifier.known.threshold(false_alarms) if classifier.known else None


def why_never_none(classifier: SoundClassifier, false_alarms: float) -> str | None:
    """Return in a few words why no clip will be "none of these"; None if some may be.

    Where clips may have several classes, or no false alarm is allowed, this needs no words.
    """
    if classifier.multi_label or false_alarms == 0:
        return None
    if classifier.known is None:
        return "the classifier has no background: its model has none, or was fine-tuned"
    n_held_out = len(classifier.known.held_out)
    if n_held_out < (n_least := fewest_held_out(false_alarms)):
        return (
            f"{false_alarms:.0%} false alarms take {counted(n_least, 'clip')} in the evaluation, "
            f"which had {n_held_out:,}"
        )
    return None


def _classified(
    classifier: SoundClassifier, reader: ClipReader, windows: bool, false_alarms: float
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return a row for every clip, or for every window, and the number of windows of each clip."""
    with reader:
        results = classifier.window_probabilities(reader, reader.report)
    if reader.broken:  # some after their first windows
        results = results.select(~np.isin(results.clips, list(reader.broken)))
    positions, clip_of_window, n_windows = np.unique(
        results.clips, return_inverse=True, return_counts=True
    )
    reader.require_some(len(positions))
    clips = results.clips if windows else positions
    rows = reader.clips.rows.iloc[clips][["path", "start_s", "end_s"]]
    probabilities: np.ndarray = results.probabilities
    known: np.ndarray | None = results.known
    if windows:
        times = reader.times(results.clips, results.starts, results.n_frames)
    else:
        times = rows["start_s"].fillna(0.0).to_numpy(float), reader.ends(positions)
        probabilities = clip_scores(results.probabilities, clip_of_window, classifier.clip_score)
        known = None if known is None else clip_scores(known, clip_of_window)
    probabilities = classifier.tempered(probabilities)
    answers = _answers(classifier, probabilities)
    threshold = known_threshold(classifier, false_alarms)
    scores = np.full(len(rows), np.nan) if known is None else known.max(axis=1)
    if threshold is not None:
        answers[scores < threshold] = NONE
    best = _best(classifier, probabilities) | {"known": scores.astype(np.float64).round(4)}
    is_silent = reader.is_silent(clips, *times)
    answers[is_silent] = SILENT
    end_s = np.floor(times[1] * 1000 + 1e-6) / 1000
    start_s = np.fmin(times[0].round(3), end_s)
    rows = rows.assign(start_s=start_s, end_s=end_s, **{"class": answers}, **best)
    rows.loc[is_silent, list(best)] = np.nan
    return rows, n_windows


def assigned(classifier: SoundClassifier, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the classes that reach the threshold; of classes that exclude each other, the best.

    Shape:
        probabilities, result: [rows, classes].
    """
    is_assigned: NDArray[np.bool_] = probabilities >= np.float64(classifier.threshold or 0.0)
    if not classifier.multi_label:
        best = probabilities.argmax(axis=1)
        is_assigned &= best[:, None] == np.arange(probabilities.shape[1])
    return is_assigned


def _answers(
    classifier: SoundClassifier, probabilities: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Return the classes that reach the threshold: [rows, classes] -> [rows].

    If none does, the answer is "unsure", but that of a detector is blank.
    """
    names = np.array(classifier.classes, dtype=object)
    rows = assigned(classifier, probabilities)
    none = "" if classifier.is_detector else UNSURE
    return np.array([";".join(names[row]) or none for row in rows], dtype=object)


def _best(classifier: SoundClassifier, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of the most probable classes; blank where there are fewer classes."""
    names = np.array([*classifier.classes, *[None] * N_BEST], dtype=object)
    padding = np.full((len(probabilities), N_BEST), np.nan)
    padded = np.concatenate([probabilities.astype(np.float64), padding], axis=1)
    order = np.argsort(-padded, axis=1, kind="stable")  # NaN comes last
    columns = {}
    for rank in range(N_BEST):
        best = order[:, rank]
        columns[f"class_{rank + 1}"] = names[best]
        columns[f"probability_{rank + 1}"] = padded[np.arange(len(best)), best].round(4)
    return columns
