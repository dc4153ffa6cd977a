"""The page on the health of a pre-training: its curves, and beside each how it should look."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from soundalike.evaluation.diagnosis import LOW_RANK
from soundalike.report.charts import line_chart
from soundalike.report.page import definitions, write_page
from soundalike.training.pretraining import PretrainResult


@dataclass(frozen=True)
class Curve:
    """A column of the metrics, and what to say under it.

    Args:
        column: of ``metrics.csv``.
        name: what its chart is called.
        what: what it is, in a sentence.
        healthy: how it looks when all is well, in a sentence.
        percent: whether it is a share.
    """

    column: str
    name: str
    what: str
    healthy: str
    percent: bool = False


CURVES = (
    Curve(
        "loss",
        "Loss, mean over an epoch",
        "What the training makes smaller: how hard it still is to match the views of a clip.",
        "It falls fast at first and then ever more slowly; how low depends on the loss, its "
        "temperature and the batch size, so compare it between runs that share these only.",
    ),
    Curve(
        "knn",
        "Nearest neighbors name the class",
        "The score of labeled clips that are given the class of the clips nearest to them; "
        "training does not see these labels.",
        "It rises and levels off; where it falls while the loss still does, the training has "
        "turned to something other than these classes.",
        percent=True,
    ),
    Curve(
        "effective_rank",
        "Effective rank of the embeddings",
        "Over how many directions the embeddings spread, as if they used each of them alike (Roy "
        "and Vetterli 2007).",
        "Noise spreads over many, so it often falls in the first epochs; then it levels off or "
        "rises. A long fall, to a tenth of what could be or less, means that ever fewer "
        "differences between sounds are kept.",
    ),
    Curve(
        "top1_retrieval",
        "Views that find their other half",
        "The share of views to which, of all views looked at, the other view of the same clip is "
        "the nearest.",
        "It rises all along, ever more slowly. Near 100% within the first epochs, the views are "
        "too easy to match; near 0% for long, nothing is learned.",
        percent=True,
    ),
    Curve(
        "positives",
        "Similarity of the two views of a clip",
        "Mean cosine of their projections: 1 is the same, 0 unrelated.",
        "It starts near 1, where an untrained network puts all sounds, dips, and ends high, "
        "often between 0.7 and 0.9; low for good, the views have too little in common.",
    ),
    Curve(
        "negatives",
        "Similarity of different clips",
        "Mean cosine of the projections of views of different clips.",
        "It falls from near 1 to far below the similarity of the two views of a clip, and near "
        "0 with a loss that compares clips; if it stays near 1, all sounds look the same.",
    ),
    Curve(
        "alignment",
        "Alignment",
        "Mean squared distance between the two views of a clip on the unit sphere (Wang and Isola "
        "2020): 0 is the same, 2 unrelated.",
        "It rises while sounds are being told apart and then falls slowly. A small one is worth "
        "something only together with a low uniformity.",
    ),
    Curve(
        "uniformity",
        "Uniformity",
        "How unevenly the clips spread over the unit sphere (Wang and Isola 2020): 0 where all lie "
        "at one point, about -4 where they spread evenly.",
        "It falls and levels off, with a loss that compares clips between -3 and -4; back towards "
        "0, sounds are falling together.",
    ),
)


def write_health_page(path: Path, metrics: pd.DataFrame, result: PretrainResult) -> None:
    """Write the page: one HTML file that needs nothing but itself.

    Args:
        path: of the HTML file.
        metrics: a row a step, with `step`, `epoch` and, where there are any, the columns of
            `CURVES`; those other than loss are NaN but where the training was looked at.
        result: the result of the pre-training.
    """
    alarms = result.alarms
    said = (
        f"<li><b>{escape(kind.capitalize())}:</b> {escape(sentence)}.</li>"
        for kind, sentence in alarms.items()
    )
    parts = {
        "headline": escape(result.verdict.capitalize()),
        "alarms": f'<ul class="alarms">{"".join(said)}</ul>' if alarms else "",
        "stopping": escape(_stopping(result)),
        "facts": definitions(_facts(metrics, result)),
        "cards": "".join(_cards(metrics, result.health)),
    }
    write_page(path, "report/health.html", parts)


def in_short(result: PretrainResult) -> str:
    """Say how a training did in a line of plain text.

    Args:
        result: the result of the pre-training.
    """
    said, health = result.verdict, result.health
    if "effective_rank" in health:
        said += (
            f" (effective rank {health['effective_rank']:.0f} of {health['highest_rank']}, one "
            f"clip's views {health['positives']:.2f} alike, different clips "
            f"{health['negatives']:.2f})"
        )
    if (epoch := result.stopping_point) is not None:
        said += f", next to nothing improved after epoch {epoch}"
    return said


def _stopping(result: PretrainResult) -> str:
    if not result.is_finished:
        return "The training was stopped and can go on; this is how it stands."
    if result.alarms:
        return ""
    if (epoch := result.stopping_point) is not None:
        return (
            f"From epoch {epoch} on, neither the effective rank nor the lead of one clip's views "
            "over different clips grew by more than 2%: a training of that length might have done."
        )
    return "There is no sign that a shorter training would have done."


def _facts(metrics: pd.DataFrame, result: PretrainResult) -> dict[str, str]:
    facts = {
        "epochs": f"{metrics['epoch'].max():,}" if len(metrics) else "0",
        "steps": f"{result.n_steps_done:,} of {result.n_steps:,}",
        "training": f"{result.seconds:,.0f} s",
    }
    health = result.health
    if "effective_rank" in health:
        facts["effective rank"] = f"{health['effective_rank']:.0f} of {health['highest_rank']}"
        facts["alike: one clip's views"] = f"{health['positives']:.2f}"
        facts["alike: different clips"] = f"{health['negatives']:.2f}"
    return facts


def _cards(metrics: pd.DataFrame, health: Mapping[str, float]) -> Iterator[str]:
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
        yield f'<div class="card">{chart}<p>{escape(curve.what)} {escape(curve.healthy)}</p></div>'


def _levels(health: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """What to compare a measure with, and its name."""
    return {
        "effective_rank": (LOW_RANK * health["highest_rank"], f"{LOW_RANK:.0%} of what could be"),
        "positives": (0.0, "unrelated"),
        "negatives": (health["positives"], "one clip's views"),
    }


def _smooth_loss(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return steps and the mean loss of an epoch's steps: its last batch is smaller than others."""
    steps_per_epoch = max(1, (metrics["epoch"] == 1).sum())
    loss = metrics["loss"].rolling(steps_per_epoch, min_periods=1).mean()
    return pd.DataFrame({"step": metrics["step"], "loss": loss})
