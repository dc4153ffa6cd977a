"""Results of commands as JSON, and notes on skipped clips."""

import json
from pathlib import Path

from soundalike.cli.output import skipped, write_json


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


def test_skipped_clips_are_counted_and_their_list_is_named():
    assert skipped(0, "x.csv") == ""
    assert skipped(1200, "x.csv") == "; skipped 1,200 (see x.csv)"
