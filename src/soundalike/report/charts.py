"""Small charts as inline SVG and HTML, colored by the page's style to suit light and dark.

Shares are numbers in [0, 1]; shown in per cent.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

WIDTH, HEIGHT = 460, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 40


def line_chart(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    x_name: str,
    y_name: str,
    percent: bool = False,
    level: tuple[float, str] | None = None,
) -> str:
    """A curve over training; of many points, means of neighbors.

    Args:
        x: steps or epochs, ascending.
        y: value at each.
        x_name: what x counts.
        y_name: what the curve shows.
        percent: y is a share, its axis begins at zero.
        level: a value to compare with, and its name.

    Shape:
        x, y: [points].
    """
    x, y = (
        np.array([part.mean() for part in np.array_split(values, min(len(values), 240))])
        for values in (x, y)
    )
    shown = [*y, *([0.0] if percent else []), *([level[0]] if level else [])]
    x_ticks = _ticks(x.min(), x.max(), integer=True)
    y_ticks = _ticks(min(shown), max(shown))

    def right(value: float) -> float:
        return LEFT + (value - x.min()) / (np.ptp(x) or 1) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        span = (y_ticks[-1] - y_ticks[0]) or 1
        return HEIGHT - BOTTOM - (value - y_ticks[0]) / span * (HEIGHT - TOP - BOTTOM)

    pieces = []
    for tick in y_ticks:
        words = f"{tick:.0%}" if percent else f"{tick:g}"
        pieces.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" {_ys(down(tick))}/>')
        pieces.append(f'<text x="{LEFT - 8}" y="{down(tick) + 4:.1f}" class="end">{words}</text>')
    for tick in x_ticks[(x_ticks >= x.min()) & (x_ticks <= x.max())]:
        at = f'x="{right(tick):.1f}" y="{HEIGHT - BOTTOM + 18}"'
        pieces.append(f'<text {at} class="middle">{tick:,.0f}</text>')
    pieces.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" class="end">{x_name}</text>')
    if level:
        value, name = level
        pieces.append(f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" {_ys(down(value))}/>')
        pieces.append(
            f'<text x="{WIDTH - RIGHT}" y="{down(value) - 6:.1f}" class="end">{name}</text>'
        )
    points = " ".join(f"{right(a):.1f},{down(b):.1f}" for a, b in zip(x, y, strict=True))
    pieces.append(f'<polyline points="{points}"/>')
    pieces.append(f'<circle cx="{right(x[-1]):.1f}" cy="{down(y[-1]):.1f}" r="4"/>')
    ends = [f"{value:.0%}" if percent else f"{value:.2f}" for value in (y[0], y[-1])]
    return (
        f'<figure><figcaption>{y_name}</figcaption><svg class="curve" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" aria-label="{y_name}: from {ends[0]} to {ends[1]}">'
        f"{''.join(pieces)}</svg></figure>"
    )


def interval(value: float, low: float, high: float, chance: float, kind: int) -> str:
    """A share with its interval on an axis from 0 to 100%, a tick where guessing lies."""
    return (
        f'<svg class="interval kind-{kind}" viewBox="0 0 100 14" preserveAspectRatio="none" '
        f'aria-hidden="true">'
        f'<line class="axis" x1="0" x2="100" y1="7" y2="7"/>'
        f'<line class="chance" x1="{100 * chance:.1f}" x2="{100 * chance:.1f}" y1="1" y2="13"/>'
        f'<line class="reach" x1="{100 * low:.1f}" x2="{100 * high:.1f}" y1="7" y2="7"/>'
        f'<line class="value" x1="{100 * value:.1f}" x2="{100 * value:.1f}" y1="1" y2="13"/></svg>'
    )


def bars(shares: Mapping[str, Mapping[str, float]]) -> str:
    """For each name (a class) one bar for each kind (a representation); none where it is NaN."""
    rows = []
    for name, of_kind in shares.items():
        of_name = "".join(
            f'<div class="bar kind-{place}" style="--share:{share:.4f}">'
            f'<span class="unseen">{escape(kind)} </span><span>{share:.0%}</span></div>'
            for place, (kind, share) in enumerate(of_kind.items())
            if not np.isnan(share)
        )
        rows.append(f'<li><span class="name">{escape(name)}</span><div>{of_name}</div></li>')
    return f'<ul class="bars">{"".join(rows)}</ul>'


def confusion_grid(confusion: NDArray[np.integer], classes: Sequence[str]) -> str:
    """True classes down, predicted classes across; a cell is as strong as its share of the row."""
    n_classes, side, margin = len(classes), 26, 132
    size = margin + n_classes * side
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    pieces = []
    for place, name in enumerate(classes):
        middle = margin + (place + 0.5) * side
        words = escape(name if len(name) <= 18 else name[:17] + "…")
        pieces.append(f'<text class="end" x="{margin - 8}" y="{middle + 4}">{words}</text>')
        pieces.append(
            f'<text transform="translate({middle + 4} {margin - 8}) rotate(-90)">{words}</text>'
        )
    for row, column in np.argwhere(confusion):
        x, y = margin + column * side, margin + row * side
        kind = "right" if row == column else "wrong"
        share = shares[row, column]
        said = f"{classes[row]} heard as {classes[column]}: {confusion[row, column]}"
        pieces.append(
            f'<g class="{kind}{" strong" if share > 0.5 else ""}"><title>{escape(said)}</title>'
            f'<rect x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" '
            f'rx="3" fill-opacity="{0.12 + 0.88 * share:.2f}"/>'
            f'<text class="middle" x="{x + side / 2}" y="{y + side / 2 + 4}">'
            f"{confusion[row, column]}</text></g>"
        )
    for place in range(n_classes + 1):
        at = margin + place * side
        pieces.append(f'<path class="grid" d="M{margin} {at}H{size}M{at} {margin}V{size}"/>')
    return (
        f'<svg class="confusion" role="img" aria-label="Confusion matrix" '
        f'style="min-width:{0.72 * size:.0f}px;max-width:{1.1 * size:.0f}px" '
        f'viewBox="0 0 {size + 2} {size + 2}">{"".join(pieces)}</svg>'
    )


def _ticks(low: float, high: float, integer: bool = False) -> NDArray[np.float64]:
    locator = MaxNLocator(nbins=5, integer=integer, steps=[1, 2, 2.5, 5, 10])
    return np.asarray(locator.tick_values(low, high))


def _ys(y: float) -> str:
    return f'y1="{y:.1f}" y2="{y:.1f}"'
