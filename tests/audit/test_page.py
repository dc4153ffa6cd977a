"""The page in a real browser."""

import dataclasses
import itertools
import json
import os
import re
import shutil
import signal

import pytest
from audited import FIRST, GONE, LABELS, SECOND, THIRD, halve, make_app, write_audit, write_sounds
from explored import served

from soundalike.audit.advice import advise
from soundalike.audit.audit import audit
from soundalike.audit.labels_file import read_labels
from soundalike.audit.labels_text import LABELS as LABELS_CSV
from soundalike.audit.labels_text import read_rows
from soundalike.audit.result_file import RESULT
from soundalike.datasets.source import read_source
from soundalike.downstream.evaluate import evaluate

ENTER, ESCAPE, DOWN = "\ue007", "\ue00c", "\ue015"
RIGHT_OF_SIMILARITY = """
    const button = document.querySelector('#neighbors li button');
    return button.getBoundingClientRect().right - button.lastChild.getBoundingClientRect().right;
"""
FOCUS = "window.dispatchEvent(new Event('focus'))"
PRESS_D = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'd', bubbles: true}))"
TOO_FAINT = """
const luminance = (color) => {
  const scale = color.startsWith("color(") ? 1 : 255;
  const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((text) => Number(text) / scale)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  const color = getComputedStyle(element).backgroundColor;
  return color === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : color;
};
const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
const isShown = (element) =>
  element.checkVisibility() && [...element.childNodes].some(isText) &&
  !element.matches(":disabled, :disabled *, option");
const contrast = (element) => {
  const colors = [getComputedStyle(element).color, ground(element)];
  const [darker, lighter] = colors.map(luminance).sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
};
return [...document.querySelectorAll("body *")].filter(isShown)
  .filter((element) => contrast(element) < 4.5)
  .map((each) => `${each.id || each.className || each.tagName}: ${each.textContent}`);
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture
def folder(tmp_path):
    return write_audit(tmp_path / "my <i> audit")


@pytest.fixture
def client(folder, root):
    with served(make_app(folder, root, halve)) as client:
        yield client


class Page:
    """The page that is open."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, address):
        self.messages()
        self.browser.get(address)
        self.wait_for("document.getElementById('claim').textContent")
        return self

    def run(self, script):
        return self.browser.execute_script(script)

    def wait_for(self, expression):
        from selenium.webdriver.support.ui import WebDriverWait

        script = f"return {expression}"
        return WebDriverWait(self.browser, 60, 0.02).until(lambda b: b.execute_script(script))

    def text(self, element):
        return self.run(f"return document.getElementById('{element}').textContent")

    def wait_for_text(self, element, text):
        self.wait_for(
            f"document.getElementById('{element}').textContent.includes({json.dumps(text)})"
        )

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    def messages(self):
        """Return what is new in the console, but for the sound that is gone."""
        entries = [entry["message"] for entry in self.browser.get_log("browser")]
        return [text for text in entries if f"/api/rows/{GONE}/" not in text]

    def leave(self):
        """Leave the page, which otherwise goes on asking a server that has ended."""
        messages = self.messages()
        self.browser.get("about:blank")
        return messages


@pytest.fixture
def page(browser, client):
    """The page of the audit; what the test does causes no message in the console."""
    page = Page(browser).open(client.address)
    yield page
    assert page.leave() == []


def decisions(folder):
    rows = read_rows(folder / "labels.csv")
    return [tuple(pair) for pair in rows[["decision", "new_label"]].to_numpy()]


def test_labels_are_decided_with_keys_and_kept_after_a_reload(page, client, folder):
    assert page.text("claim") == "Labeled rain: almost certainly wrong (98 %). Suggested: sea."
    assert page.text("progress-text") == "0 of 4 decided"
    page.press("k")
    page.wait_for_text("clip-title", "rain/2, ü <b>.wav")
    page.press("r")
    page.wait_for_text("clip-title", "sea/1.wav")
    page.press("l", "wi", ENTER)
    page.wait_for_text("clip-title", "gone.wav")
    expected = [("keep", ""), ("relabel", "sea"), ("relabel", "wind")]
    assert decisions(folder) == [*expected, *[("", "")] * 4]
    assert page.run("return document.getElementById('end').hidden")

    page.open(client.address)
    page.wait_for_text("clip-title", "gone.wav")
    assert page.text("progress-text") == "3 of 4 decided"
    page.wait_for_text("sound-message", "there is no such file")
    page.press("d")
    page.wait_for_text("end-text", "All labels above 50 % are decided.")
    assert page.text("apply") == "soundalike audit sounds --apply clean.csv"
    page.press("uu")
    page.wait_for_text("progress-text", "2 of 4 decided")
    page.wait_for_text("clip-title", "sea/1.wav")
    assert decisions(folder) == [*expected[:2], *[("", "")] * 5]


def test_decisions_survive_a_reload_and_are_applied_audited_and_evaluated(
    browser, audited, mislabeled, run, few_rounds, nursery, tmp_path
):
    """Everything by the commands: the page, the cleaned manifest, and what is made of it."""
    folder, cleaned = tmp_path / "audit", tmp_path / "cleaned.csv"
    shutil.copytree(audited, folder)
    before, first, second = mislabeled.read_bytes(), *read_labels(folder / LABELS_CSV).index[:2]
    command = ["-m", "soundalike", "audit", run.path, mislabeled, "--out", folder]
    server = nursery.start(*command, "--decide", "--no_browser")
    try:
        (address,) = re.findall(r"http://[\d.:]+/\S*", server.stdout.readline())
        page = Page(browser).open(address)
        page.press("r")
        page.wait_for_text("status", "Saved.")
        page.press("d")
        page.wait_for_text("progress-text", "2 of")
        page.open(address)
        assert page.text("progress-text").startswith("2 of")
        page.leave()
    finally:
        os.kill(server.pid, signal.SIGINT)
    assert server.communicate()[1].endswith("ended\n")
    decided = read_labels(folder / LABELS_CSV)
    assert decided["decision"].tolist()[:3] == ["relabel", "drop", ""]
    applied = nursery.run(*command, "--apply", cleaned)
    n_clips = len(decided) - 1
    assert applied.stdout == f"{n_clips} clips in {cleaned}: 1 relabeled, 1 dropped, 0 confirmed\n"
    assert mislabeled.read_bytes() == before, "the original is not touched"
    labels = read_source(str(cleaned)).rows.set_index("path")["label"]
    assert labels[decided["path"][first]] == decided["suggested"][first]
    assert decided["path"][second] not in labels
    again = audit(run.path, str(cleaned), tmp_path / "again", with_duplicates=False, progress=False)
    assert (again.n_clips, again.n_decided) == (n_clips, 0)
    evaluation = evaluate(run.path, str(cleaned), ["knn"], tmp_path / "evaluation", progress=False)
    assert evaluation.n_test_clips == n_clips


def test_sounds_are_played_with_keys(page):
    page.wait_for("document.querySelector('#spectrogram img').naturalWidth > 100")
    page.wait_for("document.querySelectorAll('#against li').length === 3")
    assert page.text("for-title") == "Speaks for rain"
    page.press("1")
    page.wait_for("document.querySelector('#for button').ariaPressed === 'true'")
    page.press(" ")
    page.wait_for("document.getElementById('play').textContent === 'Pause'")
    page.press(DOWN)
    page.wait_for_text("clip-title", "rain/2")
    page.wait_for("document.getElementById('play').textContent === 'Pause'")
    page.press("?")
    page.wait_for("document.getElementById('help').open")
    page.press(ESCAPE)


def test_a_class_is_chosen_with_the_keyboard(page, folder):
    page.press("l")
    page.wait_for("document.querySelectorAll('#class-list li').length === 3")
    page.press("hail", ENTER)
    page.wait_for_text("status", "“hail” is no class of this table")
    assert decisions(folder)[FIRST] == ("", "")
    page.press(ENTER)
    page.wait_for_text("status", "relabeled to hail. Saved.")
    page.press("l", DOWN, DOWN, DOWN, ENTER)
    page.wait_for_text("status", "relabeled to sea. Saved.")
    assert decisions(folder)[:2] == [("relabel", "hail"), ("relabel", "sea")]
    page.press("l", ESCAPE, "d")
    page.wait_for_text("status", "1.wav: dropped. Saved.")


def test_the_list_is_filtered_and_shows_what_others_decide_and_what_is_learned(page, client):
    page.wait_for_text("sentences", "sea is called rain in 2 of 3")
    assert page.run("return document.querySelectorAll('#matrix td.confused').length") == 3
    page.run(
        "const select = document.getElementById('label-filter'); select.value = 'wind';"
        "select.dispatchEvent(new Event('change'));"
    )
    page.wait_for("document.querySelectorAll('#list button').length === 1")
    page.run(
        "const select = document.getElementById('state-filter'); select.value = 'decided';"
        "select.dispatchEvent(new Event('change'));"
    )
    page.wait_for_text("list-message", "No clip is left by these filters.")
    page.run("document.querySelector('#list-message button').click()")
    page.wait_for("document.querySelectorAll('#list button').length === 7")
    audit = client.get("/api/audit").json()
    said = {"table": audit["table"], "version": audit["version"], "row": SECOND, "decision": "drop"}
    client.post("/api/audit/decisions", said)
    page.run(FOCUS)
    page.wait_for_text("status", "Another page or program has changed the table")
    page.wait_for("document.querySelector('#list [data-id=\"1\"]').textContent.includes('dropped')")
    page.run("document.getElementById('learn').click()")
    page.wait_for_text("status", "Learned: 6 probabilities are new; 0 undecided labels above 50 %.")
    page.wait_for_text("claim", "more likely right than wrong (49 % wrong). If it is wrong: hail.")


def test_the_page_says_what_to_train(page, client, folder):
    assert page.run("return document.getElementById('advice').hidden"), "not by an earlier version"
    advice = advise("confusion", 0.4, 400, 10)
    (folder / RESULT).write_text(json.dumps({"advice": dataclasses.asdict(advice)}))
    page.open(client.address)
    page.wait_for_text("advice-sentence", advice.sentence)
    page.run("document.querySelector('#advice summary').click()")
    assert page.text("advice-note") == advice.note
    rows = page.run("return [...document.querySelectorAll('#scores tr')].map((r) => r.textContent)")
    assert len(rows) == 1 + len(advice.scores)
    advised = page.run("return document.querySelector('#scores .advised').textContent")
    assert advice.options in advised


def test_the_page_fits_and_its_text_can_be_read(page, client, folder):
    advice = dataclasses.asdict(advise("symmetric", 0.4, 400, 10))
    (folder / RESULT).write_text(json.dumps({"advice": advice}))
    page.open(client.address)
    page.wait_for_text("advice-sentence", advice["sentence"])
    page.run("document.querySelector('#advice details').open = true")
    run = page.browser.execute_cdp_cmd
    page.press("k")
    page.wait_for_text("sentences", "in 1 of 2")
    page.press("l")
    for width, scheme in itertools.product((390, 1280), ("light", "dark")):
        metrics = {"height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        run("Emulation.setDeviceMetricsOverride", {"width": width, **metrics})
        feature = {"name": "prefers-color-scheme", "value": scheme}
        run("Emulation.setEmulatedMedia", {"features": [feature]})
        assert page.run("return document.documentElement.scrollWidth") <= width
        assert page.run(TOO_FAINT) == []
        assert page.run(RIGHT_OF_SIMILARITY) < 20, "names of neighbors have the room in between"
    run("Emulation.clearDeviceMetricsOverride", {})
    run("Emulation.setEmulatedMedia", {"features": []})


def test_a_server_that_has_ended_and_a_table_written_anew_are_said(browser, folder, root):
    page = Page(browser)
    with served(make_app(folder, root)) as client:
        page.open(client.address)
        assert page.run("return document.getElementById('learn').hidden")
        write_audit(folder, LABELS.replace("sea/1", "sea/9"))
        path = folder / "labels.csv"
        os.utime(path, ns=(0, os.stat(path).st_mtime_ns + 1))
        page.run(f"{FOCUS}; {PRESS_D}")  # the page learns of the new table when d is pressed
        page.wait_for_text("status", "Not saved: ")
        page.wait_for_text("status", "has been written anew. This page has read it again.")
        assert decisions(folder)[FIRST] == ("", "")
        page.wait_for(f"document.querySelector('#list [data-id=\"{THIRD}\"]')")
    page.press("d")
    page.wait_for_text("status", "Not saved: The server does not answer.")
    assert "Start it again with: soundalike audit sounds --decide." in page.text("alert")
    assert page.run("return !document.querySelector('#list .decided')"), "nothing is shown as saved"
    page.leave()


def test_a_table_without_clips_says_so(browser, folder, root):
    write_audit(folder, LABELS.partition("\n")[0])
    page = Page(browser)
    with served(make_app(folder, root)) as client:
        page.messages()
        browser.get(client.address)
        page.wait_for_text("empty", "labels.csv has no clips")
        assert page.run("return document.querySelector('main').hidden")
        assert page.leave() == []
