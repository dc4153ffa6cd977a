"""Why a search has no results."""

from archives import DIM, add_clips

from soundalike.archive.head import Head
from soundalike.search.archive import Archive
from soundalike.search.empty_results import why_no_rows
from soundalike.search.selection import Selection


def test_labels_that_no_sound_has_are_said(tmp_path):
    archive = Archive.create(tmp_path / "archive", Head(DIM, "m"))
    archive.name = "birds"
    rain = Selection(labels=("rain",))
    assert why_no_rows(archive, rain) == "birds is empty"
    add_clips(archive, ["a.wav"])
    assert why_no_rows(archive, rain) == "no sound of the archive has a label"
    add_clips(archive, ["b.wav"], label="Brain;dog", split="train")
    assert why_no_rows(archive, rain).endswith("the label 'rain'; there are 'Brain', 'dog'")
    split = why_no_rows(archive, Selection(splits=("test",)))
    assert split == "no sound of the archive has the split 'test'; there are 'train'"
    add_clips(archive, ["c.wav"], label=";".join(f"class {number}" for number in range(10)))
    assert why_no_rows(archive, rain).endswith(" and 2 more")
    both = why_no_rows(archive, Selection(labels=("dog", "rain"), longest_s=0.1))
    assert both == "nothing in the archive, apart from the query, meets the conditions"
    assert why_no_rows(archive, Selection()) == "nothing is in the archive apart from the query"
