"""A table as a bar chart: for every row its mean, interval and seeds."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from soundalike.paper.results import Summary
from soundalike.paper.rows import Table
from soundalike.runtime.atomic import atomic_write

# Blue and gray can be distinguished with any color vision, and in black and white.
CHOICE, OTHER, INK, QUIET = "#0072b2", "#bcc5ce", "#1c1c1c", "#5a6570"
WIDTH, ROW_HEIGHT, AROUND_ROWS = 9.0, 0.4, 1.6  # inches; 9 are 900 pixels at 100 an inch
DPI = 200
KEY = "bar: mean over seeds · line: 95% interval · dot: one seed · blue: {reference_is}"


def draw_table(path: Path, table: Table, summaries: Mapping[str, Summary], metric: str) -> None:
    """Write a PNG of mean scores, their 95% intervals over seeds, and the score of each seed.

    Args:
        path: the PNG file.
        table: its rows, from top to bottom.
        summaries: of the rows, by name; a row without a score has a word in place of a bar.
        metric: name of the scores.
    """
    rows = [summaries[row.name] for row in table.rows]
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    figure = Figure((WIDTH, AROUND_ROWS + ROW_HEIGHT * len(rows)), layout=layout)
    axes = figure.add_subplot()
    for place, summary in enumerate(rows):
        _draw_row(axes, place, summary)
    reference = summaries[table.reference.name]
    if reference.scores:
        axes.axvline(100 * reference.mean, color=CHOICE, linewidth=1, linestyle=(0, (4, 3)))
    ends = [end for row in rows for end in (*row.scores.values(), row.interval[1])]
    highest = np.nanmax(ends) if any(row.scores for row in rows) else 1.0
    axes.set_xlim(0, min(100.0, 108 * highest + 2))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [row.row.name for row in rows], color=INK)
    axes.get_yticklabels()[table.rows.index(table.reference)].set_color(CHOICE)
    axes.get_yticklabels()[table.rows.index(table.reference)].set_fontweight("bold")
    axes.tick_params(axis="y", length=0, labelsize=11)
    axes.tick_params(axis="x", colors=QUIET, labelsize=10)
    axes.spines[:].set_visible(False)
    axes.grid(axis="x", color="#e6e9ec", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"{metric} on the {table.clips}, %", color=QUIET, fontsize=10)
    figure.suptitle(table.question, x=0.01, ha="left", fontsize=13, color=INK)
    figure.supxlabel(KEY.format(reference_is=table.reference_is), fontsize=9, color=QUIET)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as beside:
        figure.savefig(beside, format="png", dpi=DPI, facecolor="white")


def _draw_row(axes: Axes, place: int, summary: Summary) -> None:
    beside_axes = axes.get_yaxis_transform()
    if not summary.scores:
        axes.text(0.01, place, summary.missing, transform=beside_axes, va="center", color=QUIET)
        return
    color = CHOICE if summary.row.is_reference else OTHER
    axes.barh(place, 100 * summary.mean, height=0.62, color=color)
    low, high = summary.interval
    if not np.isnan(low):
        axes.plot([100 * low, 100 * high], [place, place], color=INK, linewidth=1.6)
    scores = 100 * np.array([*summary.scores.values()])
    axes.scatter(scores, np.full(len(scores), place), s=16, color="white", edgecolors=INK, zorder=3)
    axes.text(
        1.01, place, f"{100 * summary.mean:.1f}", transform=beside_axes, va="center_baseline",
        fontsize=11, color=INK,
    )  # fmt: skip
