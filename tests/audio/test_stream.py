"""Streams as files."""

import io

from soundalike.audio.stream import Stream


def test_it_is_the_whole_file_or_its_pieces():
    file = io.BytesIO(b"0123456789")
    assert Stream().open(file).read() == b"0123456789"
    assert Stream((b"a", range(8, 10))).open(file).read() == b"a89"
    assert Stream(()).open(file).read() == b""
