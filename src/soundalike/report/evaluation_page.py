"""The page of an evaluation: the verdict, what is confused, and clips to listen to."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.splits import evaluation_splits
from soundalike.datasets.store import open_store
from soundalike.downstream.evaluate import PREDICTIONS
from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.downstream.examples import NearestClips, confidently_wrong, nearest_to
from soundalike.downstream.plain_names import MEANINGS, PROTOCOL_NAMES, REPRESENTATION_NAMES
from soundalike.downstream.predictions import read_predictions
from soundalike.downstream.representations import PRETRAINED
from soundalike.evaluation.class_order import order_by_confusion
from soundalike.evaluation.thresholds import calibrate_threshold
from soundalike.report.charts import confusion_grid, interval
from soundalike.report.class_table import class_table
from soundalike.report.example_cards import SOUND_S, make_gallery
from soundalike.report.page import write_page
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.counts import counted
from soundalike.runtime.lock import locked

PAGE = "evaluate.html"
N_EXAMPLES = 8  # of each kind, with three sounds each
N_CONFUSIONS = 5
HEADLINES = {
    "better": "Pre-training helps",
    "worse": "A baseline is better",
    "unclear": "No clear difference",
    None: "The scores of the model",
}


def write_evaluation_page(result: EvaluationResult) -> Path:
    """Write the page into the folder of the results: one HTML file that plays offline.

    Args:
        result: the evaluation; its predictions, features and store are read from their folders.

    Returns:
        The HTML file.

    Raises:
        OSError: a file cannot be read or written.
        SourceError: the store cannot be read.
        InUseError: another run is writing to the folder.
    """
    out, store = Path(result.out), open_store(Path(result.store))
    store = store.select(np.flatnonzero((store.clips.rows["label"] != "").to_numpy()))
    splits = evaluation_splits(store, result.task, result.seed)
    splits = [split for split in splits if split.name in result.splits]
    tested = np.concatenate([split.test for split in splits])
    labels = store.clips.labels().select(tested)
    truth = labels.one_hot()
    _, probabilities = read_predictions(out / PREDICTIONS, result.classes)
    if labels.is_multi_label:
        answers = probabilities >= 0.5
    else:
        answers = np.arange(labels.n_classes) == probabilities.argmax(axis=1)[:, None]
    wrong = confidently_wrong(truth, probabilities, labels.is_multi_label)
    threshold, unsure = None, []
    if result.verdict.protocol in ("linear", "finetune"):  # their classifiers say "unsure"
        threshold = calibrate_threshold(labels.values, probabilities)
        unsure = nearest_to(threshold, truth, probabilities, labels.is_multi_label)
    main = next(row for row in result.rows if row.representation == PRETRAINED)
    nearest = NearestClips.read(out, store, splits)
    groups = [wrong[:N_EXAMPLES], unsure[:N_EXAMPLES]]
    representations = {row.representation for row in result.rows}
    gallery = make_gallery(groups, store, tested, probabilities, nearest)
    with locked(out):
        remove_partial_files(out / PAGE)
        write_page(
            out / PAGE,
            "report/evaluate.html",
            result=result,
            source=store.clips.name,
            notes=[note.replace(os.path.join(result.out, ""), "") for note in result.notes],
            headline=HEADLINES[result.verdict.outcome],
            facts=_facts(result),
            column_names={
                name: key for key, name in REPRESENTATION_NAMES.items() if key in representations
            },
            protocol=PROTOCOL_NAMES[result.verdict.protocol],
            rows=_rows(result, chance=float(truth.mean())),
            meanings={
                REPRESENTATION_NAMES[key]: meaning
                for key, meaning in MEANINGS.items()
                if key in representations
            },
            is_multi_label=labels.is_multi_label,
            classes=class_table(truth, answers, labels.classes),
            average_precisions=main.per_class,
            confusion=None if labels.is_multi_label else _confusion(answers, truth, labels.classes),
            n_wrong=len(wrong),
            threshold=threshold,
            n_unsure=int((probabilities.max(axis=1) < (threshold or 0)).sum()),
            gallery=gallery,
            sound_s=SOUND_S,
            has_neighbors=nearest is not None,
        )
    return out / PAGE


def _facts(result: EvaluationResult) -> dict[str, str]:
    """Return what was tested; of an absolute path, the page names only the last folder."""
    model = Path(result.model)
    return {
        "model": model.name if model.is_absolute() else result.model,
        "test clips": f"{result.n_test_clips:,}",
        "classes": f"{len(result.rows[0].per_class):,}",
        "tested on": result.splits[0]
        if len(result.splits) == 1
        else counted(len(result.splits), "fold"),
    }


def _rows(result: EvaluationResult, chance: float) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the table of scores, by protocol."""
    kinds = sorted(
        {row.representation for row in result.rows}, key=lambda name: (name != PRETRAINED, name)
    )
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in result.rows:
        low, high = row.interval
        lead = ""
        if row.lead is not None and row.lead_interval is not None:
            lead = "{:.3f} ({:.3f} to {:.3f})".format(row.lead, *row.lead_interval)
        rows.setdefault(PROTOCOL_NAMES[row.protocol], []).append(
            {
                "name": REPRESENTATION_NAMES[row.representation],
                "score": f"{row.score:.3f}",
                "range": f"{low:.3f}-{high:.3f}",
                "drawing": interval(row.score, low, high, chance, kinds.index(row.representation)),
                "accuracy": None if row.accuracy is None else f"{row.accuracy:.3f}",
                "lead": lead.replace("-", "\N{MINUS SIGN}"),
            }
        )
    return rows


def _confusion(
    answers: NDArray[np.bool_], truth: NDArray[np.floating], classes: list[str]
) -> dict[str, Any]:
    """Return the matrix with confused classes side by side, and the largest confusions in words."""
    counts = truth.T.astype(np.int64) @ answers.astype(np.int64)
    order = order_by_confusion(counts)
    mistakes = counts - np.diag(counts.diagonal())
    largest = np.argsort(-mistakes, axis=None, kind="stable")[:N_CONFUSIONS]
    pairs = [divmod(int(place), len(classes)) for place in largest]
    return {
        "grid": confusion_grid(counts[np.ix_(order, order)], [classes[c] for c in order]),
        "pairs": [
            (
                classes[own],
                classes[other],
                counted(int(counts[own, other]), "clip"),
                int(counts[own].sum()),
            )
            for own, other in pairs
            if mistakes[own, other]
        ],
    }
