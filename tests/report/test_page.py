"""Templates become pages; what is filled in is text."""

import json
import re

import jinja2
import pytest

from soundalike.report.media import PlayablePicture
from soundalike.report.page import render_macro, write_page


def test_a_missing_value_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(jinja2.UndefinedError, match="source"):
        write_page(tmp_path / "page.html", "report/views.html")
    assert list(tmp_path.iterdir()) == []


def test_values_are_escaped():
    item = PlayablePicture('a "patch" & <b>', "data:,", 1)
    html = render_macro("report/pieces.html", "playable", item=item)
    assert 'data-sound="1"' in html
    assert 'aria-label="Play a &#34;patch&#34; &amp; &lt;b&gt;"' in html


def test_marks_are_drawn_over_a_picture():
    item = PlayablePicture("a patch", "data:,", 1, marks=(0.25, 0.5))
    html = render_macro("report/pieces.html", "playable", item=item)
    assert re.findall(r'<i style="left:(.*?)%"></i>', html) == ["25.0", "50.0"]


def test_json_cannot_end_its_script(tmp_path):
    page = tmp_path / "page.html"
    values = dict.fromkeys(
        (
            "source", "recipe", "seed", "segment_s", "shortest_s", "is_one_patch",
            "color_range_db", "activity_threshold_db", "n_reconstructed", "n_cuts",
        ),
        0,
    )  # fmt: skip
    sounds = ["</script><b>"]
    write_page(
        page, "report/views.html", facts={}, frequencies={}, pairs=[], sounds=sounds, **values
    )
    html = page.read_text()
    (script,) = re.findall(r'id="sound-data">(.*?)</script>', html)
    assert json.loads(script) == sounds
