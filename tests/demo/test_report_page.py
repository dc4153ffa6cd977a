import json
import re

import numpy as np
import pandas as pd
import pytest

from soundalike.datasets.clips import Clip
from soundalike.demo import report_page
from soundalike.demo.report_page import write_demo_report
from soundalike.demo.story import DemoStory, Predictions
from soundalike.demo.wrong_labels import Excerpt, SuspiciousClip, WrongLabels
from soundalike.downstream.representations import LOG_MEL, PRETRAINED, UNTRAINED
from soundalike.downstream.verdict import Verdict
from soundalike.report.view_samples import Cut, View

SAMPLE_RATE = 22050
CLASSES = ("Rain", "Dishes/pots & <pans>", "Wind")
N_CLIPS = 30
SUSPICIOUS = [
    SuspiciousClip("7.wav", "Rain", "Dishes/pots & <pans>", "siren", 0.98, True),
    SuspiciousClip("8.wav", "Wind", "Rain", "Wind", 0.71, False),
]


def beep(pitch_hz, duration_s=1.0):
    time_s = np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * pitch_hz * time_s).astype(np.float32)


def make_view(label, patch_hz, view_hz):
    """A view of noise, which plays as tones."""
    log_mel = np.random.default_rng(patch_hz).normal(size=(101, 96)).astype(np.float32)
    clip = Clip(path=f"{label}.wav", label=label)
    patch = Cut(clip, 1.0, False, 0.0, log_mel, beep(patch_hz), True, is_silent=False)
    return View(patch, None, 0.0, {}, log_mel[::-1], beep(view_hz))


def make_story(**changes):
    generator = np.random.default_rng(0)
    labels = np.arange(N_CLIPS) % len(CLASSES)
    wrong = (labels + 1) % len(CLASSES)
    knn = np.full(40, np.nan)
    knn[9::10] = [0.4, 0.5, 0.6, 0.7]
    story = {
        "verdict": Verdict("Your model is good.", "linear", 0.8, [0.6, 0.9], {}, "better"),
        "facts": {"training clips": "1,280"},
        "views": [(make_view(name, 300, 500), make_view(name, 400, 600)) for name in CLASSES[:2]],
        "metrics": pd.DataFrame(
            {
                "step": np.arange(1, 41),
                "epoch": np.arange(40) // 10 + 1,
                "lr": 0.03,
                "loss": np.linspace(4, 1, 40),
                "knn": knn,
            }
        ),
        "classes": CLASSES,
        "clips": pd.DataFrame(
            {
                "path": [f"sounds/{clip:02d}.wav" for clip in range(N_CLIPS)],
                "label": labels,
                "x": generator.normal(size=N_CLIPS),
                "y": generator.normal(size=N_CLIPS),
            }
        ),
        "sounds": [None, *(beep(200 + 20 * clip) for clip in range(1, N_CLIPS))],
        "predictions": [
            Predictions(
                representation, protocol, np.where(np.arange(N_CLIPS) < known, labels, wrong)
            )
            for protocol in ("linear", "kNN")
            for representation, known in ((LOG_MEL, 9), (UNTRAINED, 12), (PRETRAINED, 24))
        ],
        "wrong_labels": WrongLabels("about 9 of 90 labels are wrong (4-14)", 90, 8, SUSPICIOUS),
        "excerpts": [Excerpt(make_view("a", 1, 1).log_mel, beep(700 + i)) for i in range(2)],
        "sample_rate": SAMPLE_RATE,
        "commands": ["soundalike demo --out <folder>"],
        "recipe": "views: {mix_back: {alpha: 0.05}}",
        "versions": {"soundalike": "0.1.0"},
        "next_steps": {"Pre-train on your own.": "soundalike pretrain sounds/ --out run"},
    }
    return DemoStory(**(story | changes))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "demo.html"
    write_demo_report(path, make_story())
    return path


@pytest.fixture(scope="module")
def page(path, parse_html):
    return parse_html(path.read_text(encoding="utf-8"))


def test_the_page_loads_no_other_files(path, page):
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    html = path.read_text(encoding="utf-8")
    fetched = re.findall(r"url\((?![\"']?data:)|@import|\bfetch\(|XMLHttpRequest|import\(", html)
    assert fetched == []
    assert path.stat().st_size < 8_000_000


def test_every_html_element_is_closed(page):
    assert page.open == []


def test_the_page_opens_with_the_verdict(page):
    assert page.text["h1"] == ["Pre-training helps"]
    assert page.text["p"][1] == "Your model is good."


def test_has_every_section(page):
    sections = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    names = ["views", "training", "scores", "classes", "confusion", "atlas", "labels", "made"]
    assert sections == names
    assert len(page.all("button", "spectrogram")) == 2 * 4 + len(SUSPICIOUS)
    assert len(page.all("svg", "curve")) == 2
    assert len(page.all("svg", "interval")) == 6
    assert len(page.all("div", "bar")) == 3 * len(CLASSES)
    assert len(page.all("svg", "confusion")) == 1


def test_the_scores_have_the_intervals_of_the_verdict(tmp_path, parse_html):
    """Where all clips are right, it is the exact one: 0.025 ** (1 / 30) is 88%."""
    labels = make_story().labels
    right = [Predictions(name, "linear", labels) for name in (LOG_MEL, PRETRAINED)]
    write_demo_report(tmp_path / "demo.html", make_story(predictions=right))
    page = parse_html((tmp_path / "demo.html").read_text(encoding="utf-8"))
    assert page.text["small"][:2] == ["88 to 100", "88 to 100"]
    assert page.text["b"][:2] == ["100.0%", "100.0%"]


def test_suspicious_labels_are_playable_and_say_what_is_true(page):
    text = "".join(page.text["p"])
    assert "1 of the 2 most suspicious labels is truly wrong. By the audit, about 9 of 90" in text
    notes = [note for note in page.text["p"] if "likely to be wrong" in note]
    assert notes == [
        "98% likely to be wrong; suggested: Dishes/pots & <pans>.",
        "71% likely to be wrong; suggested: Rain.",
    ]
    truths = [text for text in page.text["b"] if text.startswith("Truth")]
    assert truths == ["Truth: siren.", "Truth: the label is right."]
    buttons = page.all("button", "spectrogram")[-2:]
    assert [button["aria-label"] for button in buttons] == ["Play 7.wav", "Play 8.wav"]
    sounds = json.loads(page.text["sound-data"][0])
    assert len({sounds[int(button["data-sound"])] for button in buttons}) == 2


def test_names_are_escaped(page):
    assert "Dishes/pots & <pans>" in "".join(page.text["figcaption"])
    assert "soundalike demo --out <folder>" in "".join(page.text["code"])
    assert json.loads(page.text["map-data"][0])["classes"] == list(CLASSES)


def test_the_map_has_every_clip_with_its_sound(page):
    points = json.loads(page.text["map-data"][0])["points"]
    sounds = json.loads(page.text["sound-data"][0])
    assert [point["name"] for point in points] == [f"{clip:02d}.wav" for clip in range(N_CLIPS)]
    assert [point["label"] == point["predicted"] for point in points] == [True] * 24 + [False] * 6
    assert points[0]["sound"] is None
    own = [sounds[point["sound"]] for point in points[1:]]
    assert len(set(own)) == N_CLIPS - 1
    assert {place for point in points for place in (point["x"], point["y"])} >= {0, 1}


def test_sounds_that_would_not_fit_are_left_out(tmp_path, monkeypatch, parse_html):
    monkeypatch.setattr(report_page, "SOUNDS_BYTES", 40_000)
    write_demo_report(tmp_path / "demo.html", make_story())
    page = parse_html((tmp_path / "demo.html").read_text(encoding="utf-8"))
    has_sound = [p["sound"] is not None for p in json.loads(page.text["map-data"][0])["points"]]
    assert 0 < sum(has_sound) < N_CLIPS - 1


def test_without_a_knn_monitor_there_is_no_knn_curve(tmp_path, parse_html):
    story = make_story()
    write_demo_report(
        tmp_path / "demo.html", make_story(metrics=story.metrics.assign(knn=float("nan")))
    )
    page = parse_html((tmp_path / "demo.html").read_text(encoding="utf-8"))
    assert len(page.all("svg", "curve")) == 1


@pytest.fixture
def window(browser, path):
    browser.get(path.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def until(browser, script):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 300).until(lambda b: b.execute_script(f"return {script}"))


def click_point(browser, index):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    chart = browser.find_element(By.ID, "map")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    right, down = browser.execute_script(
        f"const p = points[{index}];"
        "return [p.left - map.clientWidth / 2, p.top - map.clientHeight / 2].map(Math.round)"
    )
    ActionChains(browser).move_to_element_with_offset(chart, right, down).click().perform()


def test_a_click_on_the_map_plays_the_clip(window):
    click_point(window, 5)
    until(window, "player.currentTime > 0")
    assert window.execute_script("return player.src === sounds[points[5].sound]")
    assert window.execute_script("return player.error") is None
    assert "05.wav" in window.execute_script("return description.textContent")


def test_a_click_on_a_spectrogram_plays_the_view(window):
    from selenium.webdriver.common.by import By

    button = window.find_elements(By.CSS_SELECTOR, "button.spectrogram")[2]
    button.click()
    until(window, "player.currentTime > 0")
    assert button.get_attribute("aria-pressed") == "true"
    until(window, "player.ended")
    assert button.get_attribute("aria-pressed") == "false"
    assert window.execute_script("return player.error") is None


def test_the_legend_filters_classes(window):
    from selenium.webdriver.common.by import By

    def labels_shown():
        points = "[...map.querySelectorAll('.point')]"
        of_point = f"points.filter((p, i) => getComputedStyle({points}[i]).display !== 'none')"
        return window.execute_script(f"return [...new Set({of_point}.map(p => p.label))].sort()")

    buttons = window.find_elements(By.CSS_SELECTOR, "#legend button")
    assert [button.text for button in buttons] == list(CLASSES)
    assert labels_shown() == [0, 1, 2]
    buttons[1].click()
    assert labels_shown() == [1]
    buttons[2].click()
    assert labels_shown() == [1, 2]
    buttons[1].click()
    buttons[2].click()
    assert labels_shown() == [0, 1, 2]


def test_arrow_keys_move_over_the_map_and_enter_plays(window):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    chart = window.find_element(By.ID, "map")
    window.execute_script("select(points[3])")
    before = window.execute_script("return current.left")
    chart.send_keys(Keys.ARROW_RIGHT if before < 400 else Keys.ARROW_LEFT)
    after = window.execute_script("return current.left")
    assert (after > before) if before < 400 else (after < before)
    window.execute_script("select(points[3])")
    chart.send_keys(Keys.ENTER)
    until(window, "player.src === sounds[points[3].sound]")


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_phone_and_desktop_widths(window, width):
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    assert window.execute_script("return document.documentElement.scrollWidth") <= width
    window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
