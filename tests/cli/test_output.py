"""Results of commands as JSON, and notes on windows and skipped clips."""

import json
from pathlib import Path

import pytest
from rich.table import Table

from soundalike.cli.output import plain_console, skipped, windows_of_clips, write_json
from soundalike.embedding.embed import EmbedResult


def test_json_replaces_a_file_and_follows_a_link(tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    write_json(link, {"n_clips": 24})
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"n_clips": 24}


def test_json_goes_to_a_device_and_into_a_new_folder(tmp_path):
    write_json(Path("/dev/null"), {"n_clips": 24})
    assert Path("/dev/null").is_char_device()
    write_json(tmp_path / "new" / "results.json", {})
    assert (tmp_path / "new" / "results.json").read_text() == "{}\n"
    write_json(None, {"n_clips": 24})


def test_a_table_has_names_as_they_are(capsys):
    names = ["birds/[/old]", "[noise]", "a:dog:b", "[bold]x[/bold]"]
    table = Table(*names[1:], title=names[0])
    table.add_row(*names[1:])
    plain_console().print(table)
    text = capsys.readouterr().out
    assert [text.count(name) for name in names] == [1, 2, 2, 2]


def test_skipped_clips_are_counted_and_their_list_is_named():
    assert skipped(0, "x.csv") == ""
    assert skipped(1200, "x.csv") == "; skipped 1,200 (see x.csv)"


@pytest.mark.parametrize(
    ("n_windows", "n_clips", "n_uncut", "words"),
    [
        (1415, 1230, 1229, "1,415 windows of 1,230 clips (1,229 are one window each)"),
        (4, 2, 1, "4 windows of 2 clips (1 is one window)"),
        (1230, 1230, 1230, "1,230 windows of 1,230 clips, one each"),
        (9, 3, 0, "9 windows of 3 clips"),
        (1, 1, 1, "1 window of 1 clip"),
    ],
)
def test_windows_say_how_they_fit_the_clips(n_windows, n_clips, n_uncut, words):
    assert windows_of_clips(EmbedResult(n_clips, n_windows, n_uncut, 0, 0, None, "")) == words
