"""The page in a real browser."""

import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from soundalike.archive.head import Head
from soundalike.explore import stored_map
from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts
from soundalike.search.archive import Archive

OWL, WREN, FROG = 0, 3, 5
SOFTWARE_WEBGL = ("GL Driver Message", "software WebGL")  # warnings about this machine
AFTER_A_FRAME = "requestAnimationFrame(() => setTimeout(arguments[0], 50))"
DRAWN = "return document.getElementById('points').dataset.drawn === 'true'"


@pytest.fixture(scope="module")
def wait_for(browser):
    """Return a function that waits until a script returns something true, and returns that."""
    from selenium.webdriver.support.ui import WebDriverWait

    def wait(script):
        return WebDriverWait(browser, 120, 0.05).until(lambda b: b.execute_script(script))

    return wait


@pytest.fixture(scope="module")
def opened(browser, client, wait_for, explored):
    browser.get(client.address)
    wait_for(DRAWN)
    yield browser
    (explored.path / "labels.sqlite").unlink(missing_ok=True)


@pytest.fixture
def page(opened):
    """The open page; what the test does causes no message in the console."""
    yield opened
    assert messages(opened) == []


@pytest.fixture
def canvas(opened):
    from selenium.webdriver.common.by import By

    return opened.find_element(By.ID, "points")


@pytest.fixture
def pixels_of(canvas):
    """Return a function that returns the colors of the map: [height, width, 3]."""
    return lambda: (imread(io.BytesIO(canvas.screenshot_as_png))[..., :3] * 255).round()


def messages(browser):
    """Return what is new in the console, without warnings about this machine."""
    entries = [entry["message"] for entry in browser.get_log("browser")]
    return [text for text in entries if not any(known in text for known in SOFTWARE_WEBGL)]


def text_of(element):
    return f"return document.getElementById('{element}').textContent"


def choose(browser, select, value):
    browser.execute_script(
        "const select = document.getElementById(arguments[0]); select.value = arguments[1];"
        "select.dispatchEvent(new Event('change'))",
        select,
        value,
    )


@pytest.fixture
def move_to(opened, canvas, client):
    """Return a function that moves the pointer to the point of a row."""
    from selenium.webdriver.common.action_chains import ActionChains

    points = client.get("/api/points/pca").numbers("<f4").reshape(-1, 2)

    def move(position):
        half = min(canvas.size["width"], canvas.size["height"]) / 2
        x, y = 0.95 * half * points[position]
        return ActionChains(opened).move_to_element_with_offset(canvas, round(x), round(-y))

    return move


def test_the_map_is_drawn_in_the_colors_of_the_labels(page, pixels_of, wait_for):
    pixels = pixels_of()
    assert (pixels == 255).all(axis=2).mean() > 0.5, "the background"
    blue = np.array([0, 114, 178])  # the color of the most frequent label
    assert (np.abs(pixels - blue).max(axis=2) < 60).sum() > 100
    assert page.execute_script(text_of("legend")) == "frog (40)owl (3)none (2)wren (2)"
    choose(page, "color", "cluster")
    wait_for(text_of("legend") + ".includes('mostly frog')")
    choose(page, "color", "loudness")
    wait_for(text_of("legend") + ".includes('full scale')")
    assert (pixels_of() != pixels).any()
    choose(page, "color", "label")


def test_a_click_plays_and_lists_what_sounds_alike(page, wait_for, move_to):
    move_to(WREN).click().perform()
    wait_for("return document.getElementById('audio').currentTime > 0")
    assert page.execute_script(text_of("sound-name")) == "birds/wren <b>&#%.flac"
    assert wait_for("return document.querySelector('#spectrogram img').naturalWidth") > 100
    wait_for("return document.querySelectorAll('#hits li').length > 2")
    assert page.execute_script("return document.getElementById('audio').error") is None


def test_arrow_keys_walk_to_the_next_most_similar_sound(page, canvas, client, wait_for):
    from selenium.webdriver.common.keys import Keys

    similar = client.get(f"/api/similar?id={WREN}").json()[0]
    assert similar["path"] != "birds/wren <b>&#%.flac", "another recording"
    page.execute_script(
        "window.log = []; const audio = document.getElementById('audio');"
        "for (const name of ['play', 'pause']) audio.addEventListener(name, () => log.push(name))"
    )
    canvas.send_keys(Keys.ARROW_DOWN)
    wait_for(text_of("sound-name") + f" === {json.dumps(similar['path'])}")
    wait_for("return log.join().endsWith('play,pause')")
    page.execute_script("log.length = 0")
    canvas.send_keys(Keys.ARROW_UP)
    wait_for(text_of("sound-facts") + ".startsWith('wren · 0.00 s to 1.00 s')")
    wait_for("return log.join() === 'play,pause'")
    position_s = page.execute_script("return document.getElementById('audio').currentTime")
    assert position_s > 0.9, "at the end of the window"
    page.execute_script("log.length = 0")
    canvas.send_keys(Keys.SPACE)
    wait_for("return log.includes('play')")


def test_the_pointer_over_a_point_shows_its_name_and_its_spectrogram(page, wait_for, move_to):
    move_to(OWL).perform()
    wait_for("return !document.getElementById('tip').hidden")
    assert "owl" in page.execute_script(text_of("tip"))
    assert wait_for("return document.querySelector('#tip img').naturalWidth") > 50


def test_a_filter_leaves_the_rows_that_match(page, canvas, pixels_of, wait_for):
    pixels = pixels_of()
    canvas.send_keys("/")
    page.switch_to.active_element.send_keys("FROG")
    wait_for(text_of("status") + ".startsWith('40 windows')")
    wait_for("return document.querySelectorAll('#hits li').length === 40")
    assert (pixels_of() == 255).all(axis=2).sum() > (pixels == 255).all(axis=2).sum()
    page.switch_to.active_element.send_keys("\ue00c")  # escape
    wait_for(text_of("status") + " === ''")


def type_label(page, canvas, name):
    canvas.send_keys("l")
    page.switch_to.active_element.send_keys(name, "\ue007")  # enter


def test_windows_in_a_lasso_are_labeled_undone_labeled_again_and_exported(
    page, canvas, client, wait_for, explored
):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    x = client.get("/api/points/pca").numbers("<f4").reshape(-1, 2)[:, 0]
    ordered = np.sort(x)[2:-2]
    gap = np.diff(ordered).argmax()
    border = ordered[gap : gap + 2].mean()
    width, height = canvas.size["width"], canvas.size["height"]
    left, top = -width // 2 + 5, -height // 2 + 5
    right = round(0.95 * min(width, height) / 2 * border)
    start = ActionChains(page).move_to_element_with_offset(canvas, left, top)
    start.key_down(Keys.SHIFT).click_and_hold().perform()
    steps = (right - left, 0), (0, height - 10), (left - right, 0), (0, 20 - height)
    for step in steps:  # the map drops moves that come while it draws
        page.execute_async_script(AFTER_A_FRAME)
        ActionChains(page).move_by_offset(*step).perform()
    page.execute_async_script(AFTER_A_FRAME)
    ActionChains(page).release().key_up(Keys.SHIFT).perform()
    ids = np.flatnonzero(x < border).tolist()
    wait_for(text_of("label-target") + f" === '{len(ids)} windows'")

    type_label(page, canvas, "night")
    wait_for(text_of("label-message") + f" === 'night on {len(ids)} sounds. Saved.'")
    choose(page, "color", "your label")
    wait_for(text_of("legend") + f" === 'night ({len(ids)})none ({47 - len(ids)})'")
    canvas.send_keys("u")
    wait_for(text_of("legend") + " === 'none (47)'")
    assert page.execute_script(text_of("label-list")) == ""
    type_label(page, canvas, "day")
    wait_for(text_of("legend") + f".startsWith('day ({len(ids)})')")
    canvas.send_keys(Keys.SHIFT, Keys.ARROW_DOWN)
    canvas.send_keys(Keys.ARROW_DOWN)
    wait_for(text_of("said") + " === 'day×'")
    canvas.send_keys("0")
    wait_for(text_of("said") + " === 'not day×'")
    canvas.send_keys("1")
    wait_for(text_of("said") + " === 'day×'")

    link = page.execute_script("return document.querySelector('#exports a').getAttribute('href')")
    manifest = pd.read_csv(io.BytesIO(client.get(f"/{link}").content))
    rows = explored.rows(ids)
    assert set(manifest["label"]) == {"day"}
    assert sorted(zip(manifest["path"], manifest["start_s"], strict=True)) == sorted(
        (f"{explored.head.root}/{path}", start_s)
        for path, start_s in zip(rows["path"], rows["start_s"], strict=True)
    )
    choose(page, "color", "label")


def test_a_stretch_of_the_spectrogram_is_labeled(page, canvas, client, wait_for, move_to):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    move_to(FROG + 20).click().perform()
    wait_for("return document.querySelector('#spectrogram img').naturalWidth")
    wave = page.find_element(By.ID, "wave")
    chain = ActionChains(page).move_to_element_with_offset(wave, -10, 0).click_and_hold()
    chain.move_by_offset(40, 0).move_by_offset(40, 0).release().perform()
    wait_for("return !document.getElementById('stretch').hidden")
    assert page.execute_script(text_of("label-target")).startswith("the stretch ")
    type_label(page, canvas, "croak")
    wait_for(text_of("label-message") + " === 'croak on 1 sound. Saved.'")
    (event,) = client.get(f"/api/rows/{FROG}/events?start_s=0&end_s=40").json()
    assert 15.5 < event["start_s"] < event["end_s"] < 25.5
    canvas.send_keys("m")
    wait_for(text_of("results-title") + ".startsWith('Sounds like tree.wav, ')")
    wait_for("return document.querySelectorAll('#hits li').length > 20")
    canvas.send_keys("\ue00c")  # escape
    wait_for("return document.getElementById('stretch').hidden")
    canvas.send_keys("[")
    wait_for("return !document.getElementById('stretch').hidden")
    canvas.send_keys("\ue00c")


def test_what_cannot_be_saved_is_not_shown_as_saved(opened, canvas, client, wait_for):
    before = opened.execute_script(text_of("label-list"))
    opened.execute_cdp_cmd("Network.enable", {})
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    opened.execute_cdp_cmd("Network.emulateNetworkConditions", {**network, "offline": True})
    type_label(opened, canvas, "lost")
    wait_for(text_of("label-message") + " === 'Not saved: The server does not answer.'")
    opened.execute_cdp_cmd("Network.emulateNetworkConditions", {**network, "offline": False})
    assert opened.execute_script(text_of("label-list")) == before
    type_label(opened, canvas, "saved")
    wait_for(text_of("label-message") + ".endsWith('Saved.')")
    wait_for("return document.getElementById('alert').hidden")
    assert all("ERR_INTERNET_DISCONNECTED" in message for message in messages(opened))


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_fits_phone_and_desktop_widths(page, width):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_sound_that_is_gone_says_what_to_do(opened, wait_for, move_to):
    move_to(45).click().perform()
    message = wait_for(text_of("sound-message"))
    assert "gone.wav: there is no such file" in message
    assert message.endswith("--root FOLDER")
    assert all("404" in message for message in messages(opened))


def test_without_a_graphics_card_fewer_points_are_drawn_while_the_map_moves(page, canvas, wait_for):
    from selenium.webdriver.common.action_chains import ActionChains

    assert not page.execute_script("return document.getElementById('points').dataset.points")
    before = is_point(picture(canvas)).sum()
    most = page.execute_script("return import('./map.js').then((m) => m.PointMap.mostMoving)")
    change = "return import('./map.js').then((m) => { m.PointMap.mostMoving = arguments[0]; })"
    page.execute_script(change, 10)
    chain = ActionChains(page).move_to_element(canvas).click_and_hold()
    chain.move_by_offset(30, 0).move_by_offset(-30, 0).perform()
    ActionChains(page).release().perform()
    wait_for("return document.getElementById('points').dataset.points === 'all'")  # were some
    page.execute_script(change, most)
    page.execute_async_script(AFTER_A_FRAME)
    assert is_point(picture(canvas)).sum() == pytest.approx(before, rel=0.2)


class Computing:
    """A process that computes a map until it is told that it has ended."""

    state = None

    def is_running(self):
        return self.state is None

    def problem(self):
        return self.state


def test_the_map_changes_to_umap_and_keeps_zoom_filter_and_selection(
    browser, explored, serve_archive, tmp_path, wait_for
):
    """The second map is the mirror image of the first, so its picture is, too."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By

    archive = Archive.open(shutil.copytree(explored.path, tmp_path / "copy"))
    layouts = Layouts(Collection(archive))
    layouts._process = process = Computing()
    browser.get(serve_archive(archive, layouts).address)
    wait_for(DRAWN)
    option = "return document.querySelector('#layout option[value=umap]').text"
    assert browser.execute_script(option) == "UMAP (being computed)"

    canvas = browser.find_element(By.ID, "points")
    origin = ScrollOrigin.from_element(canvas)
    ActionChains(browser).scroll_from_origin(origin, 0, 200).perform()
    browser.execute_script("document.getElementById('legend').hidden = true")
    browser.find_element(By.ID, "filter").send_keys("birds")
    wait_for(text_of("status") + ".startsWith('5 windows')")
    browser.find_element(By.ID, "filter").send_keys("\n")
    wait_for("return document.getElementById('audio').currentTime > 0")
    wait_for("return document.querySelectorAll('#hits li').length")
    before = picture(canvas)
    x, y, n_pixels = selected(before)
    assert n_pixels > 50

    process.state = "memory is short"
    poll = "window.dispatchEvent(new Event('focus'))"
    browser.execute_script(poll)
    wait_for(text_of("status") + " === 'There is no map UMAP: memory is short.'")
    assert browser.execute_script(option) == "UMAP (none)"
    np.testing.assert_array_equal(picture(canvas), before)

    mirrored = layouts.points("pca") * np.float32([-1, 1])
    keys = stored_map.row_keys(archive.rows())
    order, kinds = np.argsort(keys), np.zeros(len(keys), np.uint8)
    stored_map.write(archive, stored_map.StoredMap(keys[order], mirrored[order], kinds))
    process.state = ""
    browser.execute_script(poll)
    wait_for("return document.getElementById('points').dataset.layout === 'umap'")
    after = picture(canvas)
    width = after.shape[1]
    new_x, new_y, new_n_pixels = selected(after)
    assert (new_x, new_y) == pytest.approx((width - 1 - x, y), abs=2)
    assert new_n_pixels == pytest.approx(n_pixels, rel=0.2)
    assert is_point(after).sum() == pytest.approx(is_point(before).sum(), rel=0.2)
    assert is_point(after)[:, : width // 3].any()
    assert not is_point(before)[:, : width // 3].any(), "they are on the other side"
    assert messages(browser) == []


def picture(canvas):
    """Return the colors of the map: [height, width, 3]."""
    return (imread(io.BytesIO(canvas.screenshot_as_png))[..., :3] * 255).round()


def is_point(pixels):
    """Return which pixels are not of the background: [height, width]."""
    return (pixels < 250).any(axis=2)


def selected(pixels):
    """Return the middle of the selected owl, which is drawn in its full color, and its size."""
    y, x = np.nonzero((pixels == [213, 94, 0]).all(axis=2))
    return x.mean(), y.mean(), len(x)


def test_an_empty_archive_and_a_server_that_has_ended_say_what_to_do(
    browser, serve_archive, tmp_path, wait_for
):
    archive = Archive.create(tmp_path / "empty <i>", Head(8, "model"))
    client = serve_archive(archive)
    browser.get(client.address)
    advice = wait_for(text_of("map-message"))
    assert (
        f"This archive is empty. Add sounds with: soundalike embed SOURCE --out {archive.path}"
        in advice
    )
    assert messages(browser) == []
    serve_archive.stop(client)
    browser.execute_script("window.dispatchEvent(new Event('focus'))")
    wait_for("return !document.getElementById('alert').hidden")
    alert = browser.execute_script(text_of("alert"))
    assert f"The server has ended. Start it again with: soundalike explore {archive.path}." in alert
    messages(browser)


def test_times_are_rounded_before_they_are_divided_into_minutes(page):
    """119.97 s were 1:60.0."""
    values = [0, 59.994, 59.996, 61.04, 119.97, 3599.96, 7325.5]
    script = "import('/text.js').then(({seconds}) => arguments[1](arguments[0].map(seconds)))"
    assert page.execute_async_script(script, values) == [
        "0.00 s", "59.99 s", "1:00.0", "1:01.0", "2:00.0", "1:00:00.0", "2:02:05.5",
    ]  # fmt: skip
