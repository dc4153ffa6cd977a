"""The index that reads no vector before it is asked, against the exact one."""

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.head import Head
from soundalike.archive.scan_index import ScanIndex
from soundalike.archive.window_archive import WindowArchive


@pytest.fixture(scope="module", params=[False, True], ids=["single", "half"])
def long_archive(request, tmp_path_factory):
    """An archive of a long recording and a short one, in commits of their own."""
    head = Head(DIM, "m", half=request.param)
    archive = WindowArchive.create(tmp_path_factory.mktemp("scan") / "archive", head)
    add_clips(archive, ["short.wav"], n_windows=5)
    rows = make_rows(["long.wav"], 130)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(130, seed=1) + 5)
        writer.finish(make_records(rows))
    return archive


@pytest.mark.parametrize("is_centered", [False, True])
@pytest.mark.parametrize("where", [None, "start_s < 50", "start_s < 0"])
def test_every_query_is_answered_as_by_the_exact_index(long_archive, is_centered, where):
    backgrounds = Backgrounds.of(long_archive) if is_centered else None
    scan = ScanIndex(long_archive, where, backgrounds)
    exact = ExactIndex(*long_archive.vectors(where), backgrounds)
    assert len(scan) == len(exact)
    first, second = make_vectors(2, seed=2)
    for vector, k in [(first, 3), (first, 200), (second, 3), (first, 7)]:
        ours, expected = scan.nearest(vector, k), exact.nearest(vector, k)
        assert ours.ids.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(ours.similarities, expected.similarities, atol=1e-6)


def test_one_query_keeps_no_vectors(long_archive, monkeypatch):
    """Also if it is asked again for more rows, as a search does that counts recordings once."""
    monkeypatch.setattr(WindowArchive, "vectors", None)
    scan = ScanIndex(long_archive)
    vector = make_vectors(1)[0]
    assert len(scan.nearest(vector, 2).ids) == 2
    assert len(scan.nearest(vector, 20).ids) == 20
