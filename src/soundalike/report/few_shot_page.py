"""The page of a few-shot evaluation: how many labels pre-training saves, curves and a table."""

import os
from pathlib import Path
from typing import Any

from soundalike.downstream.few_shot_draws import mean_amount_name
from soundalike.downstream.few_shot_methods import METHOD_MEANINGS, METHODS
from soundalike.downstream.label_efficiency_result import LabelEfficiencyResult
from soundalike.report.learning_curves import CurveLine, learning_curves
from soundalike.report.page import write_page
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.counts import counted
from soundalike.runtime.lock import locked

PAGE = "few_shot.html"
HEADLINES = {
    "saves": "Pre-training saves labels",
    "saves none": "Pre-training saves no labels",
    "unclear": "No clear saving",
    None: "Scores with few labels",
}


def write_few_shot_page(result: LabelEfficiencyResult) -> Path:
    """Write the page into the folder of the results: one HTML file that needs no other file.

    Args:
        result: the evaluation.

    Returns:
        The HTML file.

    Raises:
        OSError: the file cannot be written.
        InUseError: another run is writing to the folder.
    """
    out = Path(result.out)
    with locked(out):
        remove_partial_files(out / PAGE)
        write_page(
            out / PAGE,
            "report/few_shot.html",
            result=result,
            source=Path(result.source).name,
            notes=[note.replace(os.path.join(result.out, ""), "") for note in result.notes],
            headline=HEADLINES[result.saving.outcome],
            facts=_facts(result),
            chart=_chart(result),
            methods={METHODS[m]: METHOD_MEANINGS[m] for m in result.methods},
            rows=_rows(result),
            has_arrow=_arrow(result) is not None,
        )
    return out / PAGE


def _facts(result: LabelEfficiencyResult) -> dict[str, str]:
    """Return what was tested; of an absolute path, the page names only the last folder."""
    model = Path(result.model)
    n_splits = len(result.splits)
    return {
        "model": model.name if model.is_absolute() else result.model,
        "test clips": f"{result.n_test_clips:,}",
        "classes": f"{len(result.classes):,}",
        "tested on": result.splits[0] if n_splits == 1 else counted(n_splits, "fold"),
        "draws of labels": f"{len(result.seeds):,}",
    }


def _chart(result: LabelEfficiencyResult) -> str:
    lines = []
    for method in result.methods:
        points = [point for point in result.points if point.method == method]
        lines.append(
            CurveLine(
                METHODS[method],
                [point.labels_per_class for point in points],
                [point.score for point in points],
                [point.interval[0] for point in points],
                [point.interval[1] for point in points],
            )
        )
    ticks = [
        (_amount(labels), n) for labels, n in zip(result.labels, lines[0].n_labels, strict=True)
    ]
    return learning_curves(lines, ticks, _arrow(result))


def _arrow(result: LabelEfficiencyResult) -> tuple[float, float, float] | None:
    """Return the score of the sentence, and where the model and the closest baseline have it."""
    saving = result.saving
    if saving.outcome != "saves" or saving.saved is None:
        return None
    return saving.score, saving.labels_per_class, saving.labels_per_class + saving.saved


def _amount(labels: int | None) -> str:
    return "all" if labels is None else f"{labels:,}"


def _rows(result: LabelEfficiencyResult) -> list[dict[str, Any]]:
    """Return the rows of the table: a number of labels, and a cell for each method."""
    rows = []
    for labels in result.labels:
        points = [point for point in result.points if point.labels == labels]
        cells = []
        for point in points:
            low, high = (f"{100 * end:.1f}" for end in point.interval)
            lead = ""
            if point.lead is not None and point.lead_interval is not None:
                ends = (100 * end for end in (point.lead, *point.lead_interval))
                lead = "{:+.1f} ({:.1f} to {:.1f})".format(*ends).replace("-", "\N{MINUS SIGN}")
            cells.append(
                {"score": f"{100 * point.score:.1f}", "range": f"{low}-{high}", "lead": lead}
            )
        mean = mean_amount_name(points[0].labels_per_class)
        rows.append(
            {
                "labels": _amount(labels),
                "mean": "" if mean == _amount(labels) else f"on average {mean}",
                "cells": cells,
            }
        )
    return rows
