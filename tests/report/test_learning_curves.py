"""The chart of learning curves."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.report.learning_curves import CurveLine, learning_curves


def chart(lines, ticks, saving=None):
    drawing = learning_curves(lines, ticks, saving)
    return ElementTree.fromstring(f"<div>{drawing}</div>")


def places(element):
    pairs = [pair.split(",") for pair in element.get("points").split()]
    return np.array(pairs, dtype=float)


def line(scores, n_labels=(1, 2, 5, 10), reach=0.05, name="the model"):
    scores = np.array(scores)
    return CurveLine(name, n_labels, scores, scores - reach, scores + reach)


TICKS = [("1", 1), ("2", 2), ("5", 5), ("all", 10)]


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(0, 0.3))
def test_curves_and_bands_stay_inside_the_frame(scores, reach):
    drawing = chart([line(scores, reach=reach), line(scores[::-1], name="a & b")], TICKS)
    for tag in ("polyline", "polygon"):
        for element in drawing.iter(tag):
            of_element = places(element)
            assert ((of_element >= -0.1) & (of_element <= [760.1, 400.1])).all()
    assert [item.text for item in drawing.iter("li")] == ["the model", "a & b"]


def test_the_axis_of_labels_is_logarithmic_and_that_of_scores_linear():
    drawing = chart([line([0.2, 0.4, 0.6, 0.8])], TICKS)
    right, down = places(drawing.find("svg/g/polyline")).T
    steps = np.diff(right) / np.diff(np.log([1, 2, 5, 10]))
    assert steps == pytest.approx(steps[0], rel=0.01)
    assert np.diff(down) == pytest.approx(np.diff(down)[0], abs=0.3)
    assert (np.diff(down) < 0).all()


def test_a_dot_tells_its_numbers():
    drawing = chart([line([0.2, 0.4, 0.6, 0.8])], TICKS)
    titles = [title.text for title in drawing.iter("title")]
    assert titles[0] == "the model, 1 a class: 20.0 (15-25)"
    assert titles[-1] == "the model, all a class: 80.0 (75-85)"


def test_the_arrow_leads_from_the_model_to_the_baseline():
    drawing = chart([line([0.2, 0.4, 0.6, 0.8]), line([0.1, 0.2, 0.4, 0.6])], TICKS, (0.6, 5, 10))
    (arrow,) = drawing.findall("svg/line[@class='saving']")
    ours, theirs = (places(each) for each in drawing.iter("polyline"))
    assert float(arrow.get("x1")) == ours[2, 0]
    assert float(arrow.get("x2")) == theirs[3, 0]
    assert float(arrow.get("y1")) == pytest.approx(ours[2, 1], abs=0.1)
    assert not chart([line([0.2, 0.4, 0.6, 0.8])], TICKS).findall("svg/line[@class='saving']")


def test_a_single_number_of_labels_is_in_the_middle():
    drawing = chart([line([0.5], [7], reach=0)], [("7", 7)])
    ((right, _),) = places(drawing.find("svg/g/polyline"))
    assert right == pytest.approx((52 + 740) / 2)
