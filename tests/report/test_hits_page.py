"""The page of a search."""

import json
import re

import numpy as np
import pytest
import soundfile

from soundalike.audio.log_mel import LogMel
from soundalike.report.frequency_axis import frequency_labels
from soundalike.report.hits_page import Hit, write_hits_page


@pytest.fixture
def page(tmp_path, parse_html):
    rng = np.random.default_rng(0)
    file = tmp_path / "rain & <wind> 'x'\n.wav"
    soundfile.write(file, rng.uniform(-0.5, 0.5, 66150), 22050)
    hits = [
        Hit(file.name, str(file), 0.5, 1.5, 0.98765, "rain;<b>"),
        Hit("gone.wav", str(tmp_path / "gone.wav"), 0.0, 1.0, 0.5),
    ]
    write_hits_page(tmp_path / "deep" / "hits.html", "a & <b>.wav@1-2", hits)
    return parse_html((tmp_path / "deep" / "hits.html").read_text(encoding="utf-8"))


def test_the_page_shows_and_plays_the_hits_without_other_files(page):
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    assert page.text["h1"] == ["Sounds like a & <b>.wav@1-2"]
    assert [name.splitlines()[0] for name in page.text["h2"]] == ["rain & <wind> 'x'", "gone.wav"]
    assert "similarity 0.988 · rain;<b>" in page.text["p"]
    (button,) = page.all("button", "spectrogram")
    (sounds,) = re.findall(r'id="sound-data">(.*?)</script>', page.html, re.DOTALL)
    assert json.loads(sounds)[int(button["data-sound"])].startswith("data:audio/")
    assert page.text["span"][-2:] == ["0.50", "1.50 s"]


def test_the_page_says_which_sounds_are_gone(page):
    assert "1 of 2 sounds cannot be read" in page.text["strong"]
    assert "cannot be read" in page.text["strong"]


def test_a_page_of_nothing_is_a_page(tmp_path):
    write_hits_page(tmp_path / "hits.html", "x", [])
    assert "Sounds like x" in (tmp_path / "hits.html").read_text()


def test_what_was_searched_for_is_heard_beside_the_hits(tmp_path, parse_html):
    file = tmp_path / "call.wav"
    soundfile.write(file, np.random.default_rng(0).uniform(-0.5, 0.5, 44100), 22050)
    part, gone = Hit("call.wav@0.5-1", str(file), 0.5, 1.0), Hit("row 3: x", "x", 0.0, 1.0)
    hits = [Hit("call.wav", str(file), 1.0, 2.0, 0.75)]
    write_hits_page(tmp_path / "hits.html", "call.wav@0.5-1, row 3", hits, [part, gone])
    page = parse_html((tmp_path / "hits.html").read_text(encoding="utf-8"))
    assert page.text["h2"] == ["call.wav@0.5-1", "row 3: x", "call.wav"]
    assert [text for text in page.text["p"] if "sea" in text or "simi" in text][-3:] == [
        "searched for", "searched for", "similarity 0.750",
    ]  # fmt: skip
    assert len(page.all("button", "spectrogram")) == 2
    assert "1 of 3 sounds cannot be read" in page.text["strong"]


def test_pictures_show_the_frequencies_of_the_model(tmp_path, parse_html):
    file = tmp_path / "bat.wav"
    soundfile.write(file, np.random.default_rng(0).uniform(-0.5, 0.5, 96000), 96000)
    front_end = LogMel(sample_rate=96000, fmax=45000)
    hits = [Hit("bat.wav", str(file), 0.0, 1.0, 0.75)]
    write_hits_page(tmp_path / "hits.html", "row 1", hits, front_end=front_end)
    page = parse_html((tmp_path / "hits.html").read_text(encoding="utf-8"))
    assert set(frequency_labels(front_end)) <= set(page.text["span"])
    assert len(page.all("button", "spectrogram")) == 1
