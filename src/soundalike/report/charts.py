"""Charts as inline SVG and HTML; the page's style colors them to suit light and dark.

Shares are numbers in [0, 1], displayed as percentages. The templates are in ``charts.html``.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from soundalike.report.page import render_macro

TEMPLATE = "report/charts.html"
BOX = {"width": 460, "height": 250, "left": 46, "right": 446, "top": 12, "bottom": 210}
MAX_POINTS = 240  # of a curve; more are averaged
MAX_LETTERS = 18  # of a class name next to a confusion matrix


def line_chart(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    x_name: str,
    y_name: str,
    percent: bool = False,
    level: tuple[float, str] | None = None,
) -> Markup:
    """Draw a curve over training; neighboring points are averaged if there are many.

    Args:
        x: steps or epochs, ascending.
        y: value at each.
        x_name: unit of x.
        y_name: title of the chart.
        percent: if true, y is a share and its axis begins at zero.
        level: a reference value and its name.

    Shape:
        x, y: [points].
    """
    x, y = (
        np.array([part.mean() for part in np.array_split(values, min(len(values), MAX_POINTS))])
        for values in (x, y)
    )
    y_range = [*y, *([0.0] if percent else []), *([level[0]] if level else [])]
    x_ticks = _ticks(x.min(), x.max(), integer=True) if np.ptp(x) else x[:1]
    y_ticks = _ticks(min(y_range), max(y_range))

    def right(value: float) -> float:
        share = (value - x.min()) / np.ptp(x) if np.ptp(x) else 0.5
        return round(float(BOX["left"] + share * (BOX["right"] - BOX["left"])), 1)

    def down(value: float) -> float:
        share = (value - y_ticks[0]) / ((y_ticks[-1] - y_ticks[0]) or 1)
        return round(float(BOX["bottom"] - share * (BOX["bottom"] - BOX["top"])), 1)

    return render_macro(
        TEMPLATE,
        "line_chart",
        name=y_name,
        x_name=x_name,
        ends=[f"{value:.0%}" if percent else f"{value:.2f}" for value in (y[0], y[-1])],
        x_ticks=[(f"{tick:,.0f}", right(tick)) for tick in x_ticks if x.min() <= tick <= x.max()],
        y_ticks=[(f"{tick:.0%}" if percent else f"{tick:g}", down(tick)) for tick in y_ticks],
        level=(level[1], down(level[0])) if level else None,
        points=" ".join(f"{right(a):.1f},{down(b):.1f}" for a, b in zip(x, y, strict=True)),
        last=(right(x[-1]), down(y[-1])),
        box=BOX,
    )


def interval(value: float, low: float, high: float, chance: float, kind: int) -> Markup:
    """Draw a share and its interval on an axis from 0 to 100%, with a tick at chance level."""
    shares = {"value": value, "low": low, "high": high, "chance": chance}
    percent = {name: f"{100 * share:.1f}" for name, share in shares.items()}
    return render_macro(TEMPLATE, "interval", kind=kind, **percent)


def score_strip(
    mean: float | None,
    lower: float | None,
    upper: float | None,
    scores: Sequence[float],
    reference: float | None,
    top: float,
    kind: int,
) -> Markup:
    """Draw a share as a bar, with its interval, the scores of single seeds, and a reference.

    Args:
        mean: the share; None draws no bar.
        lower: lower end of its interval; None draws none.
        upper: upper end.
        scores: a tick each.
        reference: share of a dashed line across the strip; None draws none.
        top: share at the right end of the strip.
        kind: number of the color.
    """
    ends = {"mean": mean, "lower": lower, "upper": upper, "reference": reference}
    places = {name: None if x is None else _at(x / top) for name, x in ends.items()}
    ticks = [_at(score / top) for score in scores]
    return render_macro(TEMPLATE, "score_strip", kind=kind, scores=ticks, **places)


def difference_strip(
    mean: float | None, lower: float | None, upper: float | None, reach: float
) -> Markup:
    """Draw a difference and its interval on an axis from -reach to reach, with a line at 0."""
    places = {"mean": mean, "lower": lower, "upper": upper}
    return render_macro(
        TEMPLATE,
        "difference_strip",
        **{
            name: None if x is None else _at(max(-1.0, min(1.0, x / reach)) / 2)
            for name, x in places.items()
        },
    )


def _at(share: float) -> str:
    return f"{100 * share:.1f}"


def bars(shares: Mapping[str, Mapping[str, float]]) -> Markup:
    """Draw one bar per representation for each class; NaN has no bar.

    Args:
        shares: share by representation by class.
    """
    rows = [
        (
            name,
            [
                (kind, label, f"{share:.4f}", f"{share:.0%}")
                for kind, (label, share) in enumerate(by_kind.items())
                if not np.isnan(share)
            ],
        )
        for name, by_kind in shares.items()
    ]
    return render_macro(TEMPLATE, "bars", rows=rows)


def confusion_grid(confusion: NDArray[np.integer], classes: Sequence[str]) -> Markup:
    """Draw a confusion matrix; a cell is as strong as its share of the row.

    Args:
        confusion: number of clips of each true class (rows) by predicted class (columns).
        classes: names of the classes.

    Shape:
        confusion: [classes, classes].
    """
    side, margin = 26, 132
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    cells = []
    for row, column in np.argwhere(confusion).tolist():
        share, count = float(shares[row, column]), int(confusion[row, column])
        css = "right" if row == column else "wrong"
        cells.append(
            {
                "x": margin + column * side,
                "y": margin + row * side,
                "css": f"{css} strong" if share > 0.5 else css,
                "title": f"{classes[row]} predicted as {classes[column]}: {count}",
                # Pale below one half and strong above: the number is readable on both.
                "opacity": f"{0.84 + 0.16 * share if share > 0.5 else 0.12 + 0.4 * share:.2f}",
                "count": count,
            }
        )
    return render_macro(
        TEMPLATE,
        "confusion_grid",
        names=[
            name if len(name) <= MAX_LETTERS else name[: MAX_LETTERS - 1] + "…" for name in classes
        ],
        cells=cells,
        size=margin + len(classes) * side,
        margin=margin,
        side=side,
    )


def _ticks(low: float, high: float, integer: bool = False) -> NDArray[np.float64]:
    if high - low < 1e-6 * max(abs(low), abs(high), 1):  # ticks so close would look the same
        margin = max(abs(high) / 10, 0.1)
        low, high = low - margin, high + margin
    locator = MaxNLocator(nbins=5, integer=integer, steps=[1, 2, 2.5, 5, 10])
    return np.asarray(locator.tick_values(low, high))
