"""Paths relative to a root."""

import os

from hypothesis import given
from hypothesis import strategies as st

from soundalike.search.archive_paths import full_path, path_in

NAMES = st.lists(
    st.text("ab '#%\n日ü", min_size=1, max_size=5), min_size=1, max_size=3
).map("/".join)  # fmt: skip


@given(name=NAMES)
def test_a_path_leads_back_to_its_file(name):
    for root in ("/sounds", "/", ""):
        file = os.path.join("/sounds", name)
        assert full_path(root, path_in(root, file)) == file


def test_a_file_outside_the_root_has_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert path_in(str(tmp_path), "a.wav") == "a.wav"
    assert path_in(str(tmp_path / "x"), "x/../a.wav") == str(tmp_path / "a.wav")
    assert path_in(str(tmp_path), f"{tmp_path}x/a.wav") == f"{tmp_path}x/a.wav"
