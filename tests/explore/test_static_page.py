"""The page without a server: in a real browser, from a file."""

import base64
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from archives import make_records, make_rows, make_vectors
from matplotlib.image import imread

from soundalike.archive.head import Head
from soundalike.explore import static_page as module
from soundalike.explore.collection import Collection
from soundalike.explore.static_page import write_static_page
from soundalike.search.archive import Archive

SOFTWARE_WEBGL = ("GL Driver Message", "software WebGL")  # warnings about this machine
DRAWN = "return document.getElementById('points').dataset.drawn === 'true'"
N_MISSING = 2  # of the archive `explored`


@pytest.fixture(scope="module")
def static(explored, tmp_path_factory):
    """The page of the archive, and what its making returned."""
    path = tmp_path_factory.mktemp("static") / "map.html"
    return path, write_static_page(Collection(explored), path, progress=False)


def content_of(path):
    (content,) = re.findall(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    return json.loads(content)


def test_the_page_has_every_row_and_loads_nothing(static, explored):
    path, result = static
    content = content_of(path)
    assert [row["id"] for row in content["rows"]] == Collection(explored).ids.tolist()
    assert [row["path"] for row in content["rows"]] == explored.rows()["path"].tolist()
    assert result.n_rows == result.n_all == len(content["rows"])
    assert result.n_missing == content["sounds"].count(None) == N_MISSING
    assert result.megabytes == pytest.approx(path.stat().st_size / 1e6, abs=0.1)
    assert not re.findall(r'(?:src|href)="(?!data:)', path.read_text())
    points = np.array(content["points"])
    assert points.shape == (len(content["rows"]), 2)
    assert np.abs(points).max() == pytest.approx(1)


def test_sounds_and_pictures_are_inside(static):
    content = content_of(static[0])
    sound = io.BytesIO(base64.b64decode(content["sounds"][0]))
    assert soundfile.info(sound).duration == pytest.approx(1, abs=0.1)
    assert imread(io.BytesIO(base64.b64decode(content["pictures"][0]))).shape[:2] == (64, 192)


def test_what_sounds_alike_is_of_the_same_recording(static):
    content = content_of(static[0])
    for position, similar in enumerate(content["similar"][:3]):
        assert {content["rows"][other]["label"] for other, _ in similar[:2]} == {"owl"}
        assert position not in [other for other, _ in similar]
        values = [value for _, value in similar]
        assert values == sorted(values, reverse=True)
        assert all(len(str(value)) <= 6 for value in values), "three decimals, as they are shown"


def test_of_many_rows_some_are_drawn(explored, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    collection = Collection(explored)
    results = [write_static_page(collection, tmp_path / name, progress=False) for name in "ab"]
    assert (results[0].n_rows, results[0].n_all) == (5, len(collection))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    ids = [row["id"] for row in content_of(tmp_path / "a")["rows"]]
    assert len(set(ids)) == 5
    assert ids == sorted(ids)


@pytest.fixture
def page(browser, static):
    """The page in a browser; what the test does causes no message in the console."""
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(static[0].as_uri())
    wait = WebDriverWait(browser, 120, 0.05)
    browser.wait_for = lambda script: wait.until(lambda b: b.execute_script(script))
    browser.wait_for(DRAWN)
    yield browser
    entries = [entry["message"] for entry in browser.get_log("browser")]
    assert [text for text in entries if not any(known in text for known in SOFTWARE_WEBGL)] == []


def press(browser, key):
    from selenium.webdriver.common.by import By

    browser.find_element(By.TAG_NAME, "body").send_keys(key)


def test_from_a_file_the_map_is_drawn_and_a_click_plays(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    canvas = page.find_element(By.ID, "points")
    pixels = (imread(io.BytesIO(canvas.screenshot_as_png))[..., :3] * 255).round()
    assert (np.ptp(pixels.reshape(-1, 3), axis=0) > 50).any(), "points differ from the background"
    assert "47 windows" in page.execute_script("return document.body.innerText")
    press(page, Keys.ARROW_DOWN)
    page.wait_for("return document.getElementById('audio').currentTime > 0.05")
    assert page.execute_script("return document.getElementById('audio').duration") > 0.9
    page.wait_for("return document.querySelector('#spectrogram img').naturalWidth === 192")
    name = page.execute_script("return document.getElementById('sound-name').textContent")
    assert name == "birds/owl \n'ü'.wav"
    page.wait_for("return document.querySelectorAll('#hits li').length === 21")
    press(page, Keys.ARROW_DOWN)
    page.wait_for("return document.querySelectorAll('#hits [aria-current=true]').length === 1")
    point = content_of_point(page, 5)
    ActionChains(page).move_to_element_with_offset(canvas, *point).click().perform()
    page.wait_for("return document.getElementById('sound-name').textContent.includes('frogs')")


def content_of_point(page, position):
    """Return where a row's point is, from the middle of the map in pixels."""
    x, y = json.loads(page.execute_script("return document.getElementById('data').textContent"))[
        "points"
    ][position]
    width, height = page.execute_script(
        "const {clientWidth, clientHeight} = document.getElementById('plot');"
        "return [clientWidth, clientHeight]"
    )
    scale = 0.95 * min(width, height) / 2
    return round(x * scale), round(-y * scale)


def test_the_filter_lists_what_matches(page):
    page.execute_script(
        "const filter = document.getElementById('filter'); filter.value = 'WREN';"
        "filter.dispatchEvent(new Event('input'))"
    )
    page.wait_for("return document.querySelectorAll('#hits li').length === 2")
    status = page.execute_script("return document.getElementById('status').textContent")
    assert status == "2 windows with “WREN” in the path or the label"


def test_a_sound_that_could_not_be_read_is_said(page):
    page.execute_script(
        "const filter = document.getElementById('filter'); filter.value = 'gone';"
        "filter.dispatchEvent(new Event('input'));"
        "document.getElementById('controls').requestSubmit()"
    )
    page.wait_for(
        "return document.getElementById('sound-message').textContent"
        " === 'The sound could not be read when the page was made.'"
    )


def test_an_empty_archive_says_so(browser, tmp_path):
    archive = Archive.create(tmp_path / "empty", Head(8, "model"))
    write_static_page(Collection(archive), tmp_path / "map.html", progress=False)
    browser.get((tmp_path / "map.html").as_uri())
    text = browser.execute_script("return document.getElementById('map-message').textContent")
    assert text == "This archive was empty when the page was made."


def test_names_are_text(tmp_path):
    """Also those that would end the script that holds them."""
    name = "</script><script>alert(1)//.wav"
    archive = Archive.create(tmp_path / "<b>&", Head(8, "model", root=str(tmp_path)))
    rows = pd.concat([make_rows([name], 2, label="<i>")], ignore_index=True)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(2))
        writer.finish(make_records(rows))
    write_static_page(Collection(archive), tmp_path / "map.html", progress=False)
    text = (tmp_path / "map.html").read_text()
    assert "alert(1)//.wav" in text
    assert "<script>alert" not in text
    assert "<title>soundalike &lt;b&gt;&amp;</title>" in text
    assert content_of(tmp_path / "map.html")["rows"][0]["path"] == name


def test_the_page_has_nothing_that_needs_a_server(static):
    text = static[0].read_text().partition("<body>")[2]
    for part in ("<!--", "label-box", 'id="loop"', "layout", "help", "place-label", "select-all"):
        assert part not in text, part
    for part in ('id="filter"', 'id="points"', 'id="spectrogram"', 'id="play"', 'id="hits"'):
        assert text.count(part) == 1, part
