"""The health page of a pre-training run: its verdict, warnings and curves with explanations."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from soundalike.evaluation.diagnosis import (
    LOW_RANK,
    TOO_FEW_CHECKS,
    WARM_UP_STEPS,
    too_short,
)
from soundalike.report.charts import line_chart
from soundalike.report.health_curves import CURVES, Curve
from soundalike.report.page import write_page
from soundalike.runtime.counts import counted
from soundalike.training.pretraining import PretrainResult

N_FIRST = 2  # curves that are visible at first; the others unfold


def write_health_page(path: Path, metrics: pd.DataFrame, result: PretrainResult) -> None:
    """Write the page: one HTML file that needs no other file.

    Args:
        path: the HTML file.
        metrics: one row per step, with the columns `step`, `epoch` and any of `CURVES`; those other
            than loss are NaN except in steps with a check.
        result: the result of the pre-training.
    """
    cards = list(_cards(metrics, result.health))
    write_page(
        path,
        "report/health.html",
        headline="Far too short" if _too_short(result) else result.verdict.capitalize(),
        alarms={kind.capitalize(): sentence for kind, sentence in result.alarms.items()},
        summary=" ".join(filter(None, [_measures(result), _outlook(result)])),
        facts=_facts(metrics, result),
        first_cards=cards[:N_FIRST],
        further_cards=cards[N_FIRST:],
    )


def in_short(result: PretrainResult) -> str:
    """Return a line of plain text on the health of a run.

    Args:
        result: the result of the pre-training.
    """
    line, health = _too_short(result) or result.verdict, result.health
    if "effective_rank" in health:
        line += (
            f" (effective rank {health['effective_rank']:.0f} of {health['highest_rank']}, "
            f"similarity {health['positives']:.2f} within clips, {health['negatives']:.2f} between "
            "clips)"
        )
    if (epoch := result.stopping_point) is not None:
        line += f", little improvement after epoch {epoch}"
    return line


def _too_short(result: PretrainResult) -> str | None:
    """Say so if a finished run has hardly begun to learn."""
    return too_short(result.n_steps) if result.is_finished else None


def _measures(result: PretrainResult) -> str:
    """Say what the last check measured."""
    health = result.health
    if not math.isfinite(health.get("effective_rank", math.nan)):
        return ""
    return (
        f"After {counted(result.n_steps_done, 'step')}, the two views of a clip have similarity "
        f"{health['positives']:.2f} and different clips {health['negatives']:.2f}; the embeddings "
        f"spread over {health['effective_rank']:.0f} of {health['highest_rank']} directions."
    )


def _outlook(result: PretrainResult) -> str:
    """Say whether the run is finished, and whether a shorter one might have been enough."""
    if not result.is_finished:
        return "The run was interrupted and can be resumed; this is its current state."
    if sentence := _too_short(result):
        return f"{sentence.capitalize()}."
    if result.alarms:
        return ""
    if result.verdict == TOO_FEW_CHECKS:
        return (
            f"The diagnosis needs two checks after the first {WARM_UP_STEPS} steps: train for "
            "longer, or check more often (monitor.every_n_epochs)."
        )
    if (epoch := result.stopping_point) is not None:
        return (
            f"After epoch {epoch}, neither the effective rank nor the gap between similarity "
            "within and between clips grew by more than 2%. A run of that length might have been "
            "enough."
        )
    return "There is no sign that a shorter run would have been enough."


def _facts(metrics: pd.DataFrame, result: PretrainResult) -> dict[str, str]:
    facts = {
        "epochs": f"{metrics['epoch'].max():,}" if len(metrics) else "0",
        "steps": f"{result.n_steps_done:,} of {result.n_steps:,}",
        "training time": _in_words(result.seconds),
    }
    health = result.health
    if "effective_rank" in health:
        facts["effective rank"] = f"{health['effective_rank']:.0f} of {health['highest_rank']}"
        facts["similarity within clips"] = f"{health['positives']:.2f}"
        facts["similarity between clips"] = f"{health['negatives']:.2f}"
    return facts


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:,.1f} min"


def _cards(metrics: pd.DataFrame, health: Mapping[str, float]) -> Iterator[tuple[Curve, Markup]]:
    """Yield the curves that there are, each with its chart."""
    levels = _levels(health) if math.isfinite(health.get("effective_rank", math.nan)) else {}
    for curve in CURVES:
        if curve.column == "loss":
            x_name, points = "step", _smooth_loss(metrics)
        else:
            x_name, points = "epoch", metrics.reindex(columns=["epoch", curve.column]).dropna()
        if len(points) == 0:
            continue
        x, y = points.to_numpy(dtype="float64").T
        level = levels.get(curve.column)
        chart = line_chart(x, y, x_name, curve.name, percent=curve.percent, level=level)
        yield curve, chart


def _levels(health: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Return the reference value of a measure and its name, by column."""
    return {
        "effective_rank": (LOW_RANK * health["highest_rank"], f"{LOW_RANK:.0%} of the maximum"),
        "positives": (0.0, "unrelated"),
        "negatives": (health["positives"], "within clips"),
    }


def _smooth_loss(metrics: pd.DataFrame) -> pd.DataFrame:
    """Average the loss over an epoch's steps, the last of which has a smaller batch."""
    steps_per_epoch = max(1, (metrics["epoch"] == 1).sum())
    loss = metrics["loss"].rolling(steps_per_epoch, min_periods=1).mean()
    return pd.DataFrame({"step": metrics["step"], "loss": loss})
