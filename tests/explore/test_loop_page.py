"""The loop in a real browser: train, answer, estimate, save, and classify."""

import shlex

import pandas as pd
import pytest
import torch
from archives import embedded_archive

from soundalike.cli.main import main
from soundalike.runtime.hardware import has_fast_bf16

MACHINE = ("GL Driver Message", "software WebGL")  # warnings about it


@pytest.fixture
def wait_for(browser):
    """Return a function that waits until an expression of the page is true, and returns it."""
    from selenium.webdriver.support.ui import WebDriverWait

    return lambda expression: WebDriverWait(browser, 120, 0.05).until(
        lambda b: b.execute_script(f"return {expression}")
    )


@pytest.fixture
def press(browser):
    """Return a function that presses a key, or a button by its id."""
    from selenium.webdriver.common.by import By

    def press(name):
        if len(name) == 1:
            browser.find_element(By.ID, "points").send_keys(name)
        else:
            browser.execute_script(f"document.getElementById('{name}').click()")

    return press


CURRENT = "document.querySelector('#hits [aria-current=true]')?.parentNode.dataset.id"
HISTOGRAM = "document.getElementById('histogram').innerHTML"


def text(element):
    return f"document.getElementById('{element}').textContent"


def test_train_answer_estimate_save_classify(
    browser, press, wait_for, serve_archive, sound_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    archive = embedded_archive(tmp_path / "tones", sound_folder)
    rows, client = archive.rows(), serve_archive(archive)
    is_high = dict(zip(rows["id"], rows["label"] == "high", strict=True))
    first = next(id for id, value in is_high.items() if value)
    client.post("/api/labels", {"ids": [first], "label": "high", "value": True})

    def answer_all():
        for _ in range(
            browser.execute_script("return document.querySelectorAll('#hits li').length")
        ):
            id, message = browser.execute_script(f"return [{CURRENT}, {text('loop-message')}]")
            press("y" if is_high[int(id)] else "n")
            wait_for(f"{CURRENT} !== '{id}' || {text('loop-message')} !== '{message}'")

    browser.get(client.address)
    wait_for("document.getElementById('points').dataset.drawn === 'true'")
    press("t")
    wait_for(f"{text('loop-message')} === 'Trained on 1 labeled window.'")
    before = client.get("/api/loop/scores?label=high").numbers("<f4")
    suggested = client.post("/api/loop/train", {"label": "high"}).json()["threshold"]
    field = browser.execute_script("return document.getElementById('threshold').value")
    assert float(field) == pytest.approx(suggested, rel=0.01)
    assert before.min() < suggested < before.max()
    histogram = browser.execute_script(f"return {HISTOGRAM}")
    press("ask")
    wait_for(f"{CURRENT} && !document.getElementById('answers').hidden")
    answer_all()
    wait_for(f"{text('loop-message')} === 'Trained on 6 labeled windows.'")
    scores = client.get("/api/loop/scores?label=high").numbers("<f4")
    assert (scores != before).all()
    assert browser.execute_script(f"return {HISTOGRAM}") != histogram
    assert browser.execute_script(f"return {text('legend')}") == "score for “high”"
    press("save")
    command = wait_for(f"{text('saved-command')}")
    arguments = shlex.split(command.replace("SOURCE", shlex.quote(str(sound_folder))))
    assert arguments[0] == "soundalike"
    assert main(arguments[1:]) == 0
    answers = pd.read_csv(tmp_path / "high.csv")
    paths = [str(sound_folder / path) for path in rows["path"]]
    both = rows.assign(path=paths, score=scores).round({"start_s": 3})
    both = both.merge(answers, on=["path", "start_s"])
    # Where bfloat16 is native, the vectors of another batch are not quite the same.
    error = 0.01 if has_fast_bf16(torch.device("cpu")) else 1e-4
    assert both["probability_1"].to_numpy() == pytest.approx(both["score"], abs=error)
    assert len(both) == len(rows)
    assert [
        entry["message"] for entry in browser.get_log("browser")
        if not any(known in entry["message"] for known in MACHINE)
    ] == []  # fmt: skip
