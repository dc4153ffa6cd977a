import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.report.charts import (
    bars,
    confusion_grid,
    difference_strip,
    interval,
    line_chart,
    score_strip,
)


def points(chart):
    line = ElementTree.fromstring(chart).find("svg/polyline")
    return np.array([pair.split(",") for pair in line.get("points").split()], dtype=float)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=600),
    st.booleans(),
)
def test_a_curve_stays_inside_its_frame(values, percent):
    x = np.arange(1.0, len(values) + 1)
    chart = points(line_chart(x, np.array(values), "step", "loss", percent=percent))
    assert len(chart) == min(len(values), 240)
    assert ((chart >= 0) & (chart <= [460, 250])).all()
    assert (np.diff(chart[:, 0]) >= 0).all()


def test_a_rising_curve_rises():
    chart = points(line_chart(np.arange(1.0, 11), np.linspace(0.1, 0.7, 10), "epoch", "score"))
    assert (np.diff(chart[:, 1]) < 0).all()


@pytest.mark.parametrize("n_points", [1, 3])
@pytest.mark.parametrize("value", [0.0, 0.577, 41.3, -3.9])
@pytest.mark.parametrize("percent", [True, False], ids=["percent", "plain"])
def test_no_label_of_a_flat_curve_is_repeated(n_points, value, percent):
    x, y = np.arange(7.0, 7 + n_points), np.full(n_points, value)
    chart = line_chart(x, y, "epoch", "score", percent=percent)
    labels = [text.text for text in ElementTree.fromstring(chart).iter("text")]
    assert len(labels) == len(set(labels)) > 2


def test_a_level_is_on_the_scale_of_the_curve():
    chart = line_chart(
        np.arange(1.0, 4), np.array([0.0, 0.5, 1.0]), "epoch", "score", level=(0.5, "guessing")
    )
    level = ElementTree.fromstring(chart).find("svg/line[@class='level']")
    assert float(level.get("y1")) == pytest.approx(points(chart)[1, 1], abs=0.1)


def test_an_interval_reaches_from_low_to_high():
    drawing = ElementTree.fromstring(interval(0.6, 0.5, 0.75, chance=0.05, kind=1))
    reach = drawing.find("line[@class='reach']")
    assert (reach.get("x1"), reach.get("x2")) == ("50.0", "75.0")
    assert drawing.find("line[@class='value']").get("x1") == "60.0"
    assert drawing.find("line[@class='chance']").get("x1") == "5.0"


def test_a_class_without_clips_has_no_bar():
    chart = bars(
        {"Rain": {"ours": 0.5, "theirs": 0.25}, "Wind": {"ours": np.nan, "theirs": np.nan}}
    )
    assert re.findall(r"--share:([\d.]+)", chart) == ["0.5000", "0.2500"]
    assert "Wind" in chart


def test_a_confusion_grid_has_a_title_for_each_cell():
    drawing = ElementTree.fromstring(confusion_grid(np.array([[3, 1], [0, 0]]), ["Rain", "<Wind>"]))
    titles = [group.find("title").text for group in drawing.iter("g")]
    assert titles == ["Rain predicted as Rain: 3", "Rain predicted as <Wind>: 1"]
    assert [group.get("class") for group in drawing.iter("g")] == ["right strong", "wrong"]


def test_a_strip_without_numbers_is_empty():
    strip = score_strip(None, None, None, [], None, 1.0, 0)
    assert re.findall("<(?:rect|line)", strip) == []
    assert re.findall("<line", difference_strip(None, None, None, 0.1)) == ["<line"]


def test_differences_beyond_the_axis_end_with_it():
    strip = difference_strip(0.02, -0.5, 0.05, reach=0.1)
    assert 'x1="-50.0" x2="25.0"' in strip
    assert 'class="mean" x1="10.0"' in strip
