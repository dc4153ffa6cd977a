"""Which index an archive gets."""

from archives import add_clips

from soundalike.archive import index as module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.index import open_index
from soundalike.archive.lance_index import LanceIndex
from soundalike.archive.outline_index import OutlineIndex
from soundalike.archive.scan_index import ScanIndex


def test_a_large_archive_with_an_index_uses_it(archive, monkeypatch):
    assert len(open_index(archive)) == 0
    add_clips(archive, ["a.wav", "b.wav"], n_windows=4)
    add_clips(archive, ["long.wav"], n_windows=30)
    monkeypatch.setattr(module, "EXACT_ROWS", 5)
    assert isinstance(open_index(archive), ScanIndex)  # not built yet
    with archive.writer() as writer:
        writer.build_index()
    assert isinstance(open_index(archive).few, LanceIndex)
    assert isinstance(open_index(archive, exact=True), ScanIndex)
    backgrounds = Backgrounds.of(archive)
    assert len(backgrounds) == 1
    assert isinstance(open_index(archive, backgrounds=backgrounds).few, OutlineIndex)
    exact = open_index(archive, exact=True, backgrounds=backgrounds)
    assert isinstance(exact, ScanIndex)
    selection = open_index(archive, "path = 'b.wav'")
    assert isinstance(selection, ExactIndex)
    assert selection.ids.tolist() == [4, 5, 6, 7]
