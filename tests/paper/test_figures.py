"""Figures, checked by their pixels."""

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from soundalike.paper.experiments import TABLES
from soundalike.paper.figures import CHOICE, OTHER, draw_table
from soundalike.paper.results import Cell, read_cells, summarize


def length_of_bar(picture, color):
    """Return the pixels of the longest unbroken row of a color."""
    is_color = np.abs(picture[..., :3] - to_rgb(color)).max(axis=2) < 0.01
    runs = np.diff(np.pad(is_color, ((0, 0), (1, 1))).astype(int), axis=1)
    starts, ends = np.nonzero(runs == 1)[1], np.nonzero(runs == -1)[1]
    return (ends - starts).max(initial=0)


@pytest.fixture(scope="module")
def summaries(made_up, tmp_path_factory):
    """Of every table, with the same scores in every row."""
    out = tmp_path_factory.mktemp("made_up")
    made_up(out, {})
    return summarize(read_cells(out))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_a_figure_wide_enough_to_read(table, summaries, tmp_path):
    path = tmp_path / "figures" / "x.png"
    draw_table(path, table, summaries[table.name], "mAP")
    picture = matplotlib.image.imread(path)
    assert picture.shape[1] == 1800
    assert (picture[0, 0, :3] == 1).all(), "the background is white"
    # A bar of each row, and the bars of half the scale or more.
    assert length_of_bar(picture, CHOICE) > 400
    assert length_of_bar(picture, OTHER) > 400
    edges = [picture[:, :8], picture[:, -8:], picture[:8], picture[-8:]]
    assert all((edge[..., :3] == 1).all() for edge in edges), "something is cut off"


def test_bar_lengths_are_proportional_to_scores(tmp_path):
    table = TABLES[0]
    cells = [
        Cell(table.name, "two at random", 0, 0.8, "mAP"),
        *(Cell(table.name, row.name, 0, 0.4, "mAP") for row in table.rows if not row.is_reference),
    ]
    draw_table(tmp_path / "x.png", table, summarize(cells)[table.name], "mAP")
    picture = matplotlib.image.imread(tmp_path / "x.png")
    ratio = length_of_bar(picture, CHOICE) / length_of_bar(picture, OTHER)
    assert ratio == pytest.approx(2, abs=0.05)


def test_the_axis_holds_the_intervals(tmp_path):
    """Of two seeds they are wide: from 0 to 1 around 0.3. Without one, the axis ends at 0.344."""
    table, lengths = TABLES[0], []
    for name, scores in (("a", [0.2, 0.4]), ("b", [0.3])):
        cells = [Cell(table.name, "two at random", *each, "mAP") for each in enumerate(scores)]
        draw_table(tmp_path / name, table, summarize(cells)[table.name], "mAP")
        lengths.append(length_of_bar(matplotlib.image.imread(tmp_path / name, "png"), CHOICE))
    assert lengths[0] / lengths[1] == pytest.approx(0.344, abs=0.03)


def test_a_table_without_a_score_has_no_bar(tmp_path):
    table = TABLES[0]
    cells = [Cell(table.name, row.name, 0, failed="nan") for row in table.rows[:2]]
    draw_table(tmp_path / "x.png", table, summarize(cells)[table.name], "score")
    picture = matplotlib.image.imread(tmp_path / "x.png")
    assert length_of_bar(picture, OTHER) == 0
    assert picture.min() < 0.5, "the names are there"
