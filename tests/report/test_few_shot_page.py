"""The page of a few-shot evaluation, against its result."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from soundalike.downstream.few_shot_curves import Curves
from soundalike.downstream.label_efficiency_result import LabelEfficiencyResult
from soundalike.downstream.label_saving import label_saving
from soundalike.report.few_shot_page import write_few_shot_page

AMOUNTS = [1, 5, 20, None]
SCORES = {
    "linear": [0.4, 0.7, 0.85, 0.9],
    "finetune": [0.42, 0.72, 0.86, 0.91],
    "scratch": [0.2, 0.5, 0.75, 0.85],
    "log_mel": [0.2, 0.4, 0.6, 0.68],
}


def result_of(out, methods=tuple(SCORES), **settings):
    scores = np.array([SCORES[name] for name in methods])
    offsets = np.linspace(-0.03, 0.03, 41)[:, np.newaxis, np.newaxis]
    curves = Curves(
        list(methods), AMOUNTS, np.array([1, 5, 20, 31.8]), scores, scores + offsets, 400
    )
    result = LabelEfficiencyResult(
        saving=label_saving(curves),
        model="runs/<mine>",
        source="sounds",
        task="noisy",
        splits=["fold 1", "fold 2"],
        classes=["a", "b"],
        n_test_clips=1234,
        pretrained_on_test_clips=True,
        seeds=[0, 1, 2],
        labels=AMOUNTS,
        methods=list(methods),
        points=curves.points(),
        notes=["something & more"],
        out=str(out),
    )
    return dataclasses.replace(result, **settings)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return result_of(tmp_path_factory.mktemp("few"))


@pytest.fixture(scope="module")
def page(result, parse_html):
    return parse_html(write_few_shot_page(result).read_text(encoding="utf-8"))


def test_the_page_loads_no_other_files(page, result):
    assert page.open == []
    assert all(address.startswith("data:") for address in page.addresses)
    assert re.findall(r"url\((?![\"']?data:)|@import|<script", page.html) == []
    assert [path.name for path in Path(result.out).iterdir()] == ["few_shot.html"]


def test_it_opens_with_the_answer(page, result):
    assert page.text["h1"] == ["Pre-training saves labels"]
    assert page.text["p"][1] == result.saving.sentence
    assert page.text["dd"] == ["runs/<mine>", "1,234", "2", "2 folds", "3"]
    assert "Note: something & more" in page.text["p"]
    assert "Pre-training included the test clips, without their labels." in page.text["p"]


def test_the_table_has_every_score(page, result):
    scores = [float(text) for text in page.text["b"] if re.fullmatch(r"[\d.]+", text)]
    expected = [100 * SCORES[name][row] for row in range(4) for name in SCORES]
    assert scores == pytest.approx(expected, abs=0.05)
    assert "on average 31.8" in page.text["small"]
    assert "+30.0 (30.0 to 30.0)" in page.text["small"]


def test_thousands_of_labels_are_written_out(tmp_path, parse_html):
    result = result_of(tmp_path)
    amounts = {1: 999.4, 5: 1583.2, 20: 1000.0, None: 12345.6}
    points = [dataclasses.replace(p, labels_per_class=amounts[p.labels]) for p in result.points]
    points = [dataclasses.replace(p, labels=1000 if p.labels == 20 else p.labels) for p in points]
    result = dataclasses.replace(result, points=points, labels=[1, 5, 1000, None])
    page = parse_html(write_few_shot_page(result).read_text(encoding="utf-8"))
    means = [text for text in page.text["small"] if text.startswith("on average")]
    assert means == ["on average 999", "on average 1,583", "on average 12,346"]


def test_a_method_has_the_same_color_in_the_legend_and_in_the_chart(page):
    kinds = [f"kind-{kind}" for kind in range(4)]
    assert [item["class"] for item in page.all("li")] == kinds
    assert [group["class"] for group in page.all("g")] == kinds
    for kind in kinds:
        assert f".{kind} {{ --kind:" in page.html
    assert page.html.count('class="saving"') == 2


def test_without_a_saving_there_is_no_arrow(tmp_path, parse_html):
    result = result_of(tmp_path, ["linear"])
    page = parse_html(write_few_shot_page(result).read_text(encoding="utf-8"))
    assert page.text["h1"] == ["Scores with few labels"]
    assert 'class="saving"' not in page.html
    assert "The arrow" not in page.html


def test_it_says_nothing_about_the_machine(tmp_path):
    notes = [f"skipped: 3 clips, listed in {tmp_path}/store/problems.csv"]
    result = result_of(tmp_path, model="/home/ada/owls", source="/home/ada/x", notes=notes)
    html = write_few_shot_page(result).read_text(encoding="utf-8")
    assert "listed in store/problems.csv" in html
    assert not any(place in html for place in ("/home/ada", str(tmp_path)))


def test_it_fits_a_phone(browser, result, page):
    browser.get((Path(result.out) / "few_shot.html").as_uri())
    for width in (380, 1280):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []
