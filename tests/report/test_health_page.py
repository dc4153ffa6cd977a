import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from soundalike.evaluation.diagnosis import TOO_FEW_CHECKS
from soundalike.evaluation.representation_measures import MEASURES
from soundalike.report.health_curves import CURVES
from soundalike.report.health_page import in_short, write_health_page
from soundalike.training.pretraining import PretrainResult

N_EPOCHS, STEPS_PER_EPOCH = 12, 5
RESULT = PretrainResult(
    n_steps=60,
    n_steps_done=60,
    loss=0.5,
    knn={},
    epoch=12,
    seconds=1234.5,
    health={
        "effective_rank": 34.4, "alignment": 0.4, "uniformity": -3.4, "positives": 0.81,
        "negatives": 0.02, "top1_retrieval": 0.6, "highest_rank": 128,
    },
    verdict="no problems detected",
    alarms={},
    stopping_point=None,
)  # fmt: skip
ALARMS = {
    "collapse": "the network makes the same of all sounds; try a lower optimizer.lr",
    "shortcut": "80% of <views> & more; try random patches",
}


def make_metrics(n_steps=N_EPOCHS * STEPS_PER_EPOCH):
    """Every column falls over training, except in steps without a check."""
    steps = np.arange(1, n_steps + 1)
    values = 1 / steps
    ends = np.where(steps % STEPS_PER_EPOCH == 0, values, np.nan)
    epochs = (steps - 1) // STEPS_PER_EPOCH + 1
    columns = {"step": steps, "epoch": epochs, "learning_rate": values, "loss": values}
    return pd.DataFrame(columns | dict.fromkeys(("knn", *MEASURES), ends))


@pytest.fixture
def write(tmp_path, parse_html):
    """Return a function that writes a page and parses it."""
    path = tmp_path / "health.html"

    def write_page(metrics=None, **changes):
        result = dataclasses.replace(RESULT, **changes)
        write_health_page(path, make_metrics() if metrics is None else metrics, result)
        return parse_html(path.read_text(encoding="utf-8"))

    return write_page


def test_the_page_loads_no_other_files(tmp_path, write):
    page = write()
    assert page.open == []
    assert all(address.startswith("data:") for address in page.addresses)
    loads = r"url\((?![\"']?data:)|@import|<script|http(?!://www\.w3\.org/2000/svg)"
    assert re.findall(loads, page.html) == []
    assert len(page.html) < 100_000
    assert [path.name for path in tmp_path.iterdir()] == ["health.html"], "no other file is left"


def test_every_measure_is_shown_and_explained(write):
    assert {curve.column for curve in CURVES} == {"loss", "knn", *MEASURES}
    page = write()
    assert page.text["figcaption"] == [curve.name for curve in CURVES]
    for curve in CURVES:
        assert f"{curve.meaning} {curve.healthy}" in page.text["p"]
    facts = dict(zip(page.text["dt"], page.text["dd"], strict=True))
    assert facts["effective rank"] == "34 of 128"
    assert (facts["epochs"], facts["steps"], facts["training time"]) == (
        "12",
        "60 of 60",
        "20.6 min",
    )


def test_the_page_opens_with_a_sentence_and_two_curves(write):
    page = write()
    assert page.text["p"][1] == (
        "After 60 steps, the two views of a clip have similarity 0.81 and different clips 0.02; "
        "the embeddings spread over 34 of 128 directions. There is no sign that a shorter run "
        "would have been enough."
    )
    assert page.text["summary"] == ["6 more curves"]
    before, after = page.html.split("<details>")
    assert (before.count("<figure>"), after.count("<figure>")) == (2, 6)


def test_without_labels_there_is_no_knn_curve(write):
    page = write(make_metrics().drop(columns="knn"))
    assert page.text.get("figcaption", []) == [
        curve.name for curve in CURVES if curve.column != "knn"
    ]


def test_alarms_come_first_as_sentences(write):
    well, ill = write(), write(alarms=ALARMS, verdict="collapse, shortcut")
    assert well.text["h1"] == ["No problems detected"]
    assert "li" not in well.text
    assert ill.text["h1"] == ["Collapse, shortcut"]
    assert ill.text["b"] == ["Collapse:", "Shortcut:"]
    assert ill.text["li"] == [f"{sentence}." for sentence in ALARMS.values()]
    assert ill.html.index("Collapse") < ill.html.index("<svg")


def test_the_stopping_point_is_named(write):
    assert "After epoch 7" in write(stopping_point=7).text["p"][1]
    assert "no sign" in write().text["p"][1]
    assert "no sign" not in write(alarms=ALARMS).html


def test_a_finished_run_with_too_few_checks_says_what_to_do(write):
    page = write(verdict=TOO_FEW_CHECKS, seconds=42)
    assert page.text["h1"] == ["Too few checks to tell"]
    assert "two checks after the first 50 steps" in page.text["p"][1]
    assert "no sign" not in page.html
    assert "42 s" in page.text["dd"]


def test_a_run_of_a_few_steps_is_far_too_short(write):
    few = {"n_steps": 4, "n_steps_done": 4, "verdict": TOO_FEW_CHECKS}
    page = write(make_metrics(4), **few)
    sentence = "nly 4 steps: far too short to learn anything; continue with --minutes 30"
    assert page.text["h1"] == ["Far too short"]
    assert f"O{sentence}." in page.text["p"][1]
    assert "no sign" not in page.html
    assert in_short(dataclasses.replace(RESULT, **few)).startswith(f"o{sentence} (effective rank")
    interrupted = dataclasses.replace(RESULT, **few | {"n_steps": 60})
    assert in_short(interrupted).startswith(TOO_FEW_CHECKS)


def test_in_short_is_one_line():
    measures = "(effective rank 34 of 128, similarity 0.81 within clips, 0.02 between clips)"
    assert in_short(RESULT) == f"no problems detected {measures}"
    stopping = in_short(dataclasses.replace(RESULT, stopping_point=7))
    assert stopping == f"no problems detected {measures}, little improvement after epoch 7"
    nothing_yet = dataclasses.replace(
        RESULT, verdict="too early to tell", health={"highest_rank": 128}
    )
    assert in_short(nothing_yet) == "too early to tell"


@pytest.mark.parametrize("n_steps", [0, 1, 7])
def test_an_interrupted_run_has_a_page(n_steps, write):
    health = {"highest_rank": 128}
    page = write(make_metrics(n_steps), n_steps_done=n_steps, health=health)
    assert "interrupted" in page.text["p"][1]
    assert len(page.text.get("figcaption", [])) == {0: 0, 1: 1, 7: len(CURVES)}[n_steps]
    assert "effective rank" not in page.text["dt"]


def test_curves_end_before_the_first_nan(write):
    metrics = make_metrics()
    metrics.loc[metrics["epoch"] == N_EPOCHS, list(MEASURES)] = np.nan
    health = dict.fromkeys(MEASURES, np.nan) | {"highest_rank": 128}
    page = write(metrics, health=health)
    assert len(page.text.get("figcaption", [])) == len(CURVES)
    assert "NaN" not in page.html


def test_small_last_batches_do_not_distort_the_loss_curve(write):
    metrics = make_metrics()
    metrics["loss"] = np.where(metrics["step"] % STEPS_PER_EPOCH == 0, 1.0, 2.0)
    line = re.search(r'points="([^"]*)"', write(metrics).html)[1]
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert np.ptp(heights[STEPS_PER_EPOCH:]) < 0.2
    assert np.ptp(heights) > 100


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_fits_phone_and_desktop_widths(browser, tmp_path, width, write):
    write(alarms=ALARMS)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get((tmp_path / "health.html").as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
