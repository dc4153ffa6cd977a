"""The page of an evaluation, against the files it is made from."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.downstream.predictions import predictions
from soundalike.downstream.verdict import verdict
from soundalike.embedding.vector_cache import cached
from soundalike.evaluation.metrics import METRIC_NAMES
from soundalike.evaluation.score_table import score_table
from soundalike.report import evaluation_page
from soundalike.report.evaluation_page import write_evaluation_page

OURS, SPECTRUM = ("linear", "pretrained encoder"), ("linear", "log-mel statistics")


@pytest.fixture(scope="module", autouse=True)
def few_examples():
    """Encode the sounds of two cards of each kind, not eight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_page, "N_EXAMPLES", 2)
        yield


@pytest.fixture(scope="module")
def evaluated(store, tmp_path_factory):
    """Return a function that writes the files of an evaluation with random scores."""

    def write(label_of=None, has_features=True):
        out, clips = tmp_path_factory.mktemp("evaluated"), store
        if label_of:
            rows = store.clips.rows.assign(label=store.clips.rows["label"].map(label_of))
            clips = dataclasses.replace(store, clips=ClipTable("x", rows))
        splits = evaluation_splits(clips)
        tested = np.concatenate([split.test for split in splits])
        labels = clips.clips.labels().select(tested)
        rng = np.random.default_rng(0)
        truth = labels.values if labels.is_multi_label else np.eye(3)[labels.values]
        scores = {}
        for key, noise in ((SPECTRUM, 3.0), (OURS, 2.2)):
            raw = truth + noise * rng.random(truth.shape)
            largest = raw.max() if labels.is_multi_label else raw.sum(axis=1, keepdims=True)
            scores[key] = raw / largest
        rows = score_table(labels.values, scores, labels.classes)
        predictions(clips, splits, scores).to_csv(out / "predictions.csv", index=False)
        if has_features:
            vectors = torch.randn(24, 8, generator=torch.Generator().manual_seed(0))
            place = out / "embeddings" / "pretrained-encoder"
            parts = vectors, torch.arange(24)
            cached(place, {}, clips, lambda part, report: parts, lambda clips, is_new: None)
        return EvaluationResult(
            verdict=verdict(rows, 24, 24),
            model="runs/<mine>",
            source="sounds",
            task="noisy",
            splits=[split.name for split in splits],
            classes=labels.classes,
            n_test_clips=24,
            pretrained_on_test_clips=True,
            seed=0,
            out=str(out),
            store=str(store.path),
            metric=METRIC_NAMES[labels.values.ndim],
            rows=rows,
            notes=["something & more"],
        ), clips

    return write


@pytest.fixture(scope="module")
def single(evaluated):
    result, _ = evaluated()
    return result, write_evaluation_page(result)


@pytest.fixture(scope="module")
def page(single, parse_html):
    return parse_html(single[1].read_text(encoding="utf-8"))


def test_the_page_loads_no_other_files(single, page):
    assert page.open == []
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    assert re.findall(r"url\((?![\"']?data:)|@import|\bfetch\(|import\(", page.html) == []
    assert single[1].name == "evaluate.html"


def test_it_opens_with_the_verdict(single, page):
    result, _ = single
    assert page.text["p"][1] == result.verdict.sentence
    facts = dict(zip(page.text["dt"], page.text["dd"], strict=True))
    assert list(facts.values()) == ["runs/<mine>", "24", "3", "5 folds"]
    assert "Note: something & more" in page.text["p"]


def test_it_says_nothing_about_the_machine(evaluated, store):
    result, _ = evaluated(has_features=False)
    out = result.out
    assert out.startswith("/")
    notes = [f"skipped: 3 clips, listed in {out}/store/problems.csv"]
    result = dataclasses.replace(result, model="/home/ada/owls", source="/home/ada/x", notes=notes)
    html = write_evaluation_page(result).read_text(encoding="utf-8")
    assert "listed in store/problems.csv" in html
    assert f"Evaluation of owls on {store.clips.name}" in html
    assert not any(place in html for place in ("/home/ada", out, str(store.clips.root)))


def test_its_numbers_are_those_of_the_predictions(single, page):
    table = pd.read_csv(single[0].out + "/predictions.csv")
    cells = page.text["td"]
    for name in ("high", "low", "middle"):
        has, gets = table["label"] == name, table["prediction"] == name
        n_found = (has & gets).sum()
        row = re.search(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', page.html)[1]
        shares = re.findall(r">(\d+)%<", row)
        assert shares == [f"{100 * n_found / n:.0f}" for n in (has.sum(), gets.sum())]
        counts = re.findall(r'<td class="number">(\d+)</td>', row)
        assert counts == [str(n) for n in (has.sum(), gets.sum(), n_found)]
    for title in page.text["title"][1:]:
        own, other, n = re.fullmatch(r"(\w+) predicted as (\w+): (\d+)", title).groups()
        assert ((table["label"] == own) & (table["prediction"] == other)).sum() == int(n)
    assert f"{(table['label'] == table['prediction']).mean():.3f}" in cells
    wrong = table[table["label"] != table["prediction"]]
    most = wrong.filter(like="probability_").max(axis=1).nlargest(1).index[0]
    name = re.search(r"[^/]+$", table["path"][most])[0]
    assert page.text["h3"][0] == name
    assert f"{min(2, len(wrong))} of {len(wrong)} clips with a wrong answer" in page.html


def test_every_example_is_beside_its_neighbors(page):
    sounds = json.loads(page.text["sound-data"][0])
    figures = page.html.count("<figure>")
    assert figures == 3 * len(page.all("section", "example"))
    assert {int(button["data-sound"]) for button in page.all("button")} == set(range(len(sounds)))
    captions = page.text["figcaption"]
    assert captions[0::3] == ["this clip"] * (figures // 3)
    assert all(re.fullmatch(r"nearest \w+ in training: .+", each) for each in captions[1::3])


def test_several_labels_have_four_counts_a_class(evaluated, parse_html, monkeypatch):
    result, clips = evaluated(lambda label: f"{label};tone" if label != "low" else label)
    monkeypatch.setattr(evaluation_page, "open_store", lambda path: clips)
    page = parse_html(write_evaluation_page(result).read_text(encoding="utf-8"))
    assert page.text["p"][1].startswith("Your model finds the classes of clips with a mean av")
    assert "confusion" not in [section.get("id") for section in page.all("section")]
    table = pd.read_csv(result.out + "/predictions.csv", keep_default_na=False)
    for name in result.classes:
        has, gets = (table[column].str.split(";").map(lambda names, n=name: n in names)
                     for column in ("label", "prediction"))  # fmt: skip
        row = re.search(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', page.html)[1]
        counts = [int(n) for n in re.findall(r'<td class="number(?: group)?">(\d+)</td>', row)]
        assert counts == [(has & gets).sum(), (has & ~gets).sum(), (gets & ~has).sum(),
                          (~has & ~gets).sum()]  # fmt: skip
    assert "the class of a false alarm" in page.html
    assert "high, tone" in " ".join(page.text["p"])


def test_fine_tuning_has_no_neighbors(evaluated):
    result, _ = evaluated(has_features=False)
    html = write_evaluation_page(result).read_text(encoding="utf-8")
    assert "There are no neighbors from training here" in html
    assert "in training" not in html


@pytest.fixture
def window(browser, single):
    browser.get(single[1].as_uri())
    yield browser
    assert browser.get_log("browser") == []


def test_a_click_plays_the_clip(window):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    button = window.find_element(By.CSS_SELECTOR, "button.spectrogram")
    button.send_keys("\n")
    WebDriverWait(window, 300).until(lambda b: b.execute_script("return player.currentTime > 0"))
    assert button.get_attribute("aria-pressed") == "true"
    for width in (380, 1280):
        window.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        assert window.execute_script("return document.documentElement.scrollWidth") <= width
    window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
