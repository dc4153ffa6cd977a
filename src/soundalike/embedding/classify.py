"""Sounds -> one row for every clip, or every window: path, start_s, end_s, class, probability."""

from pathlib import Path
from typing import Any

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.runtime.atomic import atomic_write

UNSURE = "unsure"


def classify(
    classifier: SoundClassifier,
    clips: ClipTable,
    out: Path,
    *,
    windows: bool = False,
    strict: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Write what a classifier hears in every clip to a CSV file.

    `class` is the most probable class, or "unsure" where its probability is below the classifier's
    threshold; `guess` names it all the same. Where clips may have several classes, `class` holds
    all that reach the threshold, separated by ";". `end_s` is blank where a clip ends with its
    file. Broken clips are left out and listed beside the file.

    Args:
        classifier: what names the sounds.
        clips: what to read.
        out: the CSV file; replaced only when all is written.
        windows: whether every window has a row of its own, rather than every clip.
        strict: whether a broken clip is an error.
        progress: whether to show a progress bar.

    Returns:
        `n_clips` and `n_rows` written, how many are `n_unsure`, the rows by `classes`,
        `n_problems`, and the path of their list, `problems`.

    Raises:
        SourceError: `out` is a folder.
        BrokenClipsError: a clip is broken and `strict` is set, or every clip is broken.
        OSError: a file cannot be written.
    """
    if out.is_dir():
        raise SourceError(f"{out}: is a folder: name the CSV file to write.")
    model = classifier.model
    log_mels = ClipReader(model, clips, strict=strict, name="classify", progress=progress)
    heard, scores = classifier.window_probabilities(log_mels)
    read, clip_of_row = np.unique(heard["clip"], return_inverse=True)
    log_mels.refuse_none(len(read))
    rows = clips.rows.iloc[heard["clip"] if windows else read][["path", "start_s", "end_s"]]
    rows["start_s"] = rows["start_s"].fillna(0.0)
    if windows:
        rows["start_s"] += heard["start"].to_numpy() * model.front_end.hop_s
        rows["end_s"] = rows["start_s"] + (heard["n_frames"].to_numpy() - 1) * model.front_end.hop_s
    else:
        scores = clip_scores(scores, clip_of_row, classifier.clip_score)
    rows = rows.round(3).assign(**_answers(classifier, scores))
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as beside:
        rows.to_csv(beside, index=False)
    return {
        "n_clips": len(read),
        "n_rows": len(rows),
        "n_unsure": int((rows["class"] == UNSURE).sum()),
        "classes": {str(name): int(n) for name, n in rows["class"].value_counts().items()},
        "n_problems": len(log_mels.problems),
        "problems": log_mels.write_problems(out),
    }


def _answers(classifier: SoundClassifier, scores: np.ndarray) -> dict[str, Any]:
    """Return the columns that say what was heard, from scores [rows, classes]."""
    names = np.array(classifier.classes)
    guess, probability = names[scores.argmax(axis=1)], scores.max(axis=1)
    if classifier.multi_label:
        named = [";".join(names[row]) or UNSURE for row in scores >= classifier.threshold]
    else:
        named = list(np.where(probability >= classifier.threshold, guess, UNSURE))
    return {"class": named, "probability": probability.round(4), "guess": guess}
