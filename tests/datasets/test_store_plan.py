"""The plan of a store."""

import json

import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.store_plan import PLAN, is_of


def plan(clips="a hash", source="birds", **front_end):
    """Return a plan as `prepare` makes it."""
    root = f"/data/{source}"
    return {"front_end": vars(LogMel(**front_end)), "clips": clips, "source": source, "root": root}


def test_a_folder_is_of_the_plan_in_it(tmp_path):
    assert not is_of(tmp_path / "new", plan())
    assert not is_of(tmp_path, plan())
    (tmp_path / PLAN).write_text(json.dumps(plan()))
    assert is_of(tmp_path, plan())


def test_another_level_is_refused_by_name(tmp_path):
    (tmp_path / PLAN).write_text(json.dumps(plan()))
    with pytest.raises(SourceError, match=r"\(level is peak there and minute_peak here\)"):
        is_of(tmp_path, plan(level="minute_peak"))


def test_a_plan_from_before_a_setting_has_its_default(tmp_path):
    settings = dict(plan()["front_end"])
    settings.pop("level")
    (tmp_path / PLAN).write_text(json.dumps(plan() | {"front_end": settings}))
    assert is_of(tmp_path, plan())


def test_another_source_is_named(tmp_path):
    (tmp_path / PLAN).write_text(json.dumps(plan()))
    why = r"prepared from birds \(/data/birds\), not from frogs \(/data/frogs\): name another --out"
    with pytest.raises(SourceError, match=why):
        is_of(tmp_path, plan("another hash", "frogs"))


def test_files_added_since_are_not_another_source(tmp_path):
    (tmp_path / PLAN).write_text(json.dumps(plan()))
    why = r"sounds or labels of birds \(/data/birds\) were added, removed or changed .*: delete "
    with pytest.raises(SourceError, match=why):
        is_of(tmp_path, plan("another hash"))


def test_the_same_clips_of_another_source_are_the_same_store(tmp_path):
    (tmp_path / PLAN).write_text(json.dumps(plan()))
    assert is_of(tmp_path, plan(source="frogs"))
