"""The chart of learning curves: scores by the number of labels per class, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from soundalike.report.page import render_macro

BOX = {"width": 760, "height": 400, "left": 52, "right": 740, "top": 14, "bottom": 344}
STEPS = (0.05, 0.1, 0.2)  # between the ticks of the scores
MOST_TICKS = 8


@dataclass(frozen=True)
class CurveLine:
    """A curve to draw.

    Args:
        name: in the legend.
        n_labels: numbers of labels per class, ascending.
        scores: from 0 to 1.
        lows, highs: ends of their intervals.
    """

    name: str
    n_labels: Sequence[float]
    scores: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]


def learning_curves(
    lines: Sequence[CurveLine],
    ticks: Sequence[tuple[str, float]],
    saving: tuple[float, float, float] | None = None,
) -> Markup:
    """Draw curves over the logarithm of the number of labels.

    Args:
        lines: the curves; all have the same numbers of labels.
        ticks: names and places of the ticks, in labels per class.
        saving: a score, and with how many labels the model and the closest baseline reach it; an
            arrow goes from one to the other.
    """
    x = np.log([n for _, n in ticks])
    values = np.concatenate([[*line.lows, *line.highs] for line in lines])
    bottom, top = float(values.min()), float(values.max())
    step = next((s for s in STEPS if (top - bottom) / s <= MOST_TICKS), STEPS[-1])
    y_ticks = np.arange(np.floor(bottom / step), np.ceil(top / step) + 1) * step
    y_ticks = y_ticks if len(y_ticks) > 1 else np.array([y_ticks[0] - step, y_ticks[0]])

    def right(n_labels: float) -> float:
        share = (np.log(n_labels) - x[0]) / (x[-1] - x[0]) if x[-1] > x[0] else 0.5
        return round(float(BOX["left"] + 24 + share * (BOX["right"] - BOX["left"] - 48)), 1)

    def down(score: float) -> float:
        share = (score - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return round(float(BOX["bottom"] - share * (BOX["bottom"] - BOX["top"])), 1)

    def points(n_labels: Sequence[float], scores: Sequence[float]) -> list[tuple[float, float]]:
        return [(right(n), down(score)) for n, score in zip(n_labels, scores, strict=True)]

    def path(places: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{a},{b}" for a, b in places)

    curves = []
    for kind, line in enumerate(lines):
        places = points(line.n_labels, line.scores)
        high, low = points(line.n_labels, line.highs), points(line.n_labels, line.lows)
        titles = [
            f"{line.name}, {name} a class: {100 * score:.1f} ({100 * a:.0f}-{100 * b:.0f})"
            for (name, _), score, a, b in zip(
                ticks, line.scores, line.lows, line.highs, strict=True
            )
        ]
        curves.append(
            {
                "kind": kind,
                "name": line.name,
                "line": path(places),
                "band": path([*high, *low[::-1]]),
                "dots": [(*place, title) for place, title in zip(places, titles, strict=True)],
            }
        )
    arrow = None
    if saving:
        score, start, end = saving
        arrow = {"x1": right(start), "x2": right(end), "y": down(score)}
    return render_macro(
        "report/learning_curves.html",
        "learning_curves",
        curves=curves,
        x_ticks=[(name, right(n)) for name, n in ticks],
        y_ticks=[(f"{100 * tick:.0f}", down(tick)) for tick in y_ticks],
        arrow=arrow,
        box=BOX,
    )
