"""The command explore."""

import json
import os
import signal
import threading
import urllib.request

import pytest
from archives import add_clips

from soundalike.archive.head import Head
from soundalike.cli import DONE
from soundalike.cli.main import main
from soundalike.search.archive import Archive


@pytest.fixture
def archive(tmp_path):
    archive = Archive.create(tmp_path / "archive", Head(8, "model", root="/old"))
    add_clips(archive, ["a.wav", "b.wav"])
    return archive


@pytest.fixture
def visit(monkeypatch):
    """Ask for something as soon as the page is opened, then press Ctrl-C; return the answers."""
    answers = {}

    def press(address):
        try:
            with urllib.request.urlopen(f"{address}api/collection") as response:
                answers[address] = json.load(response)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    def open_page(address):
        threading.Thread(target=press, args=(address,)).start()

    monkeypatch.setattr("soundalike.explore.page_server.open_page", open_page)
    return answers


def test_the_page_opens_and_ctrl_c_ends_it_in_one_line(archive, visit, tmp_path, capsys):
    words = ["explore", archive.path, "--root", tmp_path / "new", "--json", tmp_path / "x.json"]
    assert main([str(word) for word in words]) == DONE
    ((address, answer),) = visit.items()
    assert (answer["n_rows"], answer["root"]) == (4, str(tmp_path / "new"))
    captured = capsys.readouterr()
    assert captured.out == f"4 rows of {archive.path}: {address} (Ctrl-C ends it)\n"
    assert captured.err == "\nended\n"
    result = json.loads((tmp_path / "x.json").read_text())
    assert (result["address"], result["n_rows"]) == (address, 4)
    assert Archive.open(archive.path).head.root == "/old", "for this run only"


def test_wrong_use_is_refused(archive, refusal, tmp_path):
    assert "no such file or folder" in refusal("explore", tmp_path / "gone")
    assert "there is no such port" in refusal("explore", archive.path, "--port", "70000")
    assert "whole number" in refusal("explore", archive.path, "--port", "x")


def test_a_root_is_for_an_archive(refusal, tmp_path):
    """The sounds of a folder are in that folder."""
    (tmp_path / "sounds").mkdir()
    message = refusal("explore", tmp_path / "sounds", "--root", "elsewhere")
    assert "--root is for an archive" in message


def test_a_page_without_a_server(archive, results_of, refusal, tmp_path):
    page = tmp_path / "new" / "map.html"
    result, last = results_of("explore", archive.path, "--static", page)
    assert (result["n_rows"], result["n_all"], result["n_missing"]) == (4, 4, 4)
    assert last == f"4 windows in {page} ({result['megabytes']:.1f} MB); 4 without sound"
    assert page.is_file()
    assert "name a .html file" in refusal("explore", archive.path, "--static", "map.pdf")
    assert "is a folder" in refusal("explore", archive.path, "--static", tmp_path)
