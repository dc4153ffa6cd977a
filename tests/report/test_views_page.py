import json
import re
import shutil

import numpy as np
import pytest
import soundfile
import yaml

from soundalike.audio.log_mel import LogMel
from soundalike.recipes.recipe import read_recipe
from soundalike.report.sample_views import sample_views
from soundalike.report.views_page import write_views_page
from soundalike.training.pretraining_recipe import PRETRAINING

pytestmark = pytest.mark.usefixtures("rough_sounds")
RATE = 22050
N_PAIRS = 4


@pytest.fixture(scope="module")
def make_page(parse_html):
    """Return a function that writes the page of a source and parses it."""

    def make(path, source, **changes):
        changes = {f"views.{key}": value for key, value in changes.items()}
        views = read_recipe("tiny", PRETRAINING, changes)["views"]
        write_views_page(path, sample_views(str(source), LogMel(), views, N_PAIRS))
        return parse_html(path.read_text(encoding="utf-8"))

    return make


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Noise and a silent recording, in files with unusual names."""
    root = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    for name in ("rain & <wind>", "2", "3"):
        soundfile.write(root / f"{name}.wav", rng.uniform(-0.5, 0.5, 3 * RATE), RATE)
    soundfile.write(root / "nothing.wav", np.zeros(2 * RATE), RATE)
    return root


@pytest.fixture(scope="module")
def path(tmp_path_factory, sounds, make_page):
    path = tmp_path_factory.mktemp("report") / "deep" / "views.html"
    make_page(path, sounds)
    return path


@pytest.fixture(scope="module")
def page(path, parse_html):
    return parse_html(path.read_text(encoding="utf-8"))


def test_the_page_loads_no_other_files(path, page):
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    html = path.read_text(encoding="utf-8")
    assert re.findall(r"url\((?![\"']?data:)|@import|\bfetch\(|XMLHttpRequest|import\(", html) == []
    assert [file.name for file in path.parent.iterdir()] == ["views.html"]


def test_every_html_element_is_closed(page):
    assert page.open == []


def test_every_picture_plays_its_own_sound(page):
    (sounds,) = page.text["sound-data"]
    n_parts = 2 * 3  # two views, each with a patch and a background
    assert len(page.all("section", "pair")) == N_PAIRS
    assert len(page.all("img")) == len(json.loads(sounds)) == N_PAIRS * n_parts
    numbers = [int(button["data-sound"]) for button in page.all("button")]
    assert numbers == list(range(N_PAIRS * n_parts))


def test_the_draws_are_described(page):
    assert page.text["figcaption"][:6] == [
        "first patch", "first background", "first view",
        "second patch", "second background", "second view",
    ]  # fmt: skip
    assert page.text["b"] == ["resized crop", "compression", "noise"] * 2 * N_PAIRS
    levels = [text for text in page.text["li"] if "of the energy" in text]
    assert all(re.fullmatch(r"\S+% of the energy, \d+ dB below the patch", each) for each in levels)
    n_silent = page.text["strong"].count("silent background")  # which has no level
    assert (len(levels) + n_silent, n_silent > 0) == (2 * N_PAIRS, True)
    for line in (
        r"[\d.]+-[\d.]+ s, [\d.]+( Hz)?-[\d.]+ kHz, stretched to the whole picture|the whole patch",
        r"10 dB becomes [\d.]+ dB",
        r"levels changed at random by about [\d.]+ dB",
    ):
        assert sum(bool(re.fullmatch(line, text)) for text in page.text["li"]) == 2 * N_PAIRS


def test_names_are_escaped(page):
    assert "rain & <wind>.wav" in page.text["h2"] + page.text["li"]


def test_the_page_ends_with_its_recipe(page):
    assert page.all("section")[-1]["id"] == "recipe"
    displayed = yaml.safe_load("\n".join(page.text["keys"]))["views"]
    resolved = read_recipe("tiny", PRETRAINING)["views"]
    assert displayed == {key: value for key, value in resolved.items() if value is not None}


def test_silent_patches_are_marked_and_counted(tmp_path, sounds, make_page):
    quiet = make_page(tmp_path / "page.html", sounds, mix_back=None)
    facts = dict(zip(quiet.text["dt"], quiet.text["dd"], strict=True))
    n_silent = quiet.text.get("strong", []).count("silent patch")
    assert n_silent == 2, "both patches of the recording of nothing"
    assert facts["silent patches"] == "2 of 8"
    assert facts["clips to train on, if all can be read"] == "4"


def test_repeated_clips_are_drawn_and_said(tmp_path, make_page):
    """Every patch of a clip of 0.4 s has it two and a half times."""
    rng = np.random.default_rng(0)
    for number in range(4):
        knock = rng.uniform(-0.5, 0.5, round(0.4 * RATE))
        soundfile.write(tmp_path / f"{number}.wav", knock, RATE)
    short = make_page(tmp_path / "page.html", tmp_path)
    # The picture ends at the center of its last frame, two milliseconds before the second is over.
    assert [mark["style"] for mark in short.all("i")] == ["left:40.1%", "left:80.2%"] * 4 * 4
    facts = dict(zip(short.text["dt"], short.text["dd"], strict=True))
    assert facts["clips repeated"] == "4 of 4"
    assert "0.4 s clip, repeated 2.5 times" in short.text["p"]
    assert sum("0.4 s clip, repeated 2.5 times" in line for line in short.text["li"]) == 8
    assert "A clip shorter than 1 s is repeated" in short.html
    assert "both views are made from the same" in short.html
    longer = {"front_end": LogMel(min_duration_s=2.0), "n_pairs": 2}
    samples = sample_views(
        str(tmp_path), settings=read_recipe("tiny", PRETRAINING)["views"], **longer
    )
    write_views_page(tmp_path / "longer.html", samples)
    html = (tmp_path / "longer.html").read_text(encoding="utf-8")
    assert "repeated 5 times" in html
    assert "made from the same" not in html, "patches of a second begin anywhere in two"


def test_nothing_is_said_of_repetition_where_there_is_none(page):
    assert not page.all("i")
    assert "repeated" not in page.html


def test_the_page_says_which_segments_pairs_are_of(tmp_path, sounds, page, parse_html):
    settings = read_recipe("tiny", PRETRAINING)["views"]
    path = tmp_path / "page.html"
    write_views_page(path, sample_views(str(sounds), LogMel(), settings, 2, segment_s=2.5))
    segments = parse_html(path.read_text(encoding="utf-8"))
    assert "the same 2.5 s of a clip" in segments.html
    assert yaml.safe_load("\n".join(segments.text["keys"]))["training"] == {"segment_s": 2.5}
    assert "segment" not in page.html


def test_paths_are_relative_to_the_source(tmp_path, sounds, make_page):
    shutil.copytree(sounds, tmp_path / "source" / "deep" / "down")
    nested = make_page(tmp_path / "page.html", tmp_path / "source")
    assert str(tmp_path) not in nested.html
    assert sum(text.startswith("deep/down") for text in nested.text["p"]) == N_PAIRS


def test_missing_recordings_are_mentioned(tmp_path, sounds, page, make_page):
    from soundalike.datasets.prepare import prepare
    from soundalike.datasets.source import read_source

    copy = shutil.copytree(sounds, tmp_path / "sounds")
    store = prepare(read_source(copy), tmp_path / "store", n_workers=1, progress=False)
    (copy / "2.wav").unlink()
    some = make_page(tmp_path / "some.html", store.path)
    shutil.rmtree(copy)
    none = make_page(tmp_path / "none.html", store.path)
    counts = [
        re.findall(r"(\d+) of 16 patches and", " ".join(p.text["b"])) for p in (page, some, none)
    ]
    assert counts[0] == []
    assert 0 < int(counts[1][0]) < 16
    assert counts[2] == ["16"]


def test_a_background_mixed_in_log_scale_has_no_share_of_energy(tmp_path, sounds, make_page):
    mixed = make_page(tmp_path / "page.html", sounds, mix_back={"alpha": 0.4, "scale": "log"})
    assert any(re.fullmatch(r"\S+% of the level in dB", line) for line in mixed.text["li"])
    assert not any("below the patch" in line for line in mixed.text["li"])


@pytest.fixture
def window(browser, path):
    browser.get(path.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def test_a_click_plays_and_a_second_click_stops(window):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    first, second, *_ = window.find_elements(By.CSS_SELECTOR, "button.spectrogram")
    first.click()
    WebDriverWait(window, 300).until(lambda b: b.execute_script("return player.currentTime > 0"))
    assert window.execute_script("return player.src === sounds[0] && player.error === null")
    second.click()
    assert first.get_attribute("aria-pressed") == "false"
    assert second.get_attribute("aria-pressed") == "true"
    assert window.execute_script("return player.src === sounds[1]")
    second.click()
    assert second.get_attribute("aria-pressed") == "false"
    assert window.execute_script("return player.paused")


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_phone_and_desktop_widths(window, width):
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    assert window.execute_script("return document.documentElement.scrollWidth") <= width
    recipe = window.execute_script(
        "const {scrollWidth, clientWidth} = document.querySelector('pre');"
        "return scrollWidth <= clientWidth"
    )
    assert recipe, "its lines are wrapped"
    columns = window.execute_script(
        "const figures = [...document.querySelector('.views').children];"
        "return new Set(figures.map(figure => figure.offsetLeft)).size"
    )
    assert columns == (2 if width == 390 else 3), "side by side: the views; on a desk, their parts"
    window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
