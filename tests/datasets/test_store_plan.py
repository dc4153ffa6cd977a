"""The plan of a store."""

import json

import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.store_plan import PLAN, is_of


def plan(**front_end):
    """Return a plan as `prepare` makes it."""
    return {"front_end": vars(LogMel(**front_end)), "clips": "a hash"}


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
    (tmp_path / PLAN).write_text(json.dumps({"front_end": settings, "clips": "a hash"}))
    assert is_of(tmp_path, plan())
