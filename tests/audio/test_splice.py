"""Files made of pieces of other files."""

import io
import os

from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.splice import Splice

CONTENT = bytes(range(100))
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=9),
        st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda ends: range(*sorted(ends))),
    ),
    max_size=6,
)


@given(PIECES, st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=8))
def test_it_reads_as_the_joined_pieces(pieces, reads):
    joined = io.BytesIO(
        b"".join(CONTENT[p.start : p.stop] if isinstance(p, range) else p for p in pieces)
    )
    splice = Splice(io.BytesIO(CONTENT), pieces)
    assert splice.seek(0, os.SEEK_END) == len(joined.getvalue())
    for position, n_bytes in reads:
        assert splice.seek(position) == joined.seek(position)
        assert splice.read(n_bytes) == joined.read(n_bytes)
        assert splice.tell() == joined.tell()


def test_it_ends_where_the_other_file_does():
    assert Splice(io.BytesIO(b"0123"), [range(2, 50)]).read() == b"23"
