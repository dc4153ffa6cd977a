"""Containers that say where they end, and were cut."""

import io

import pytest

from soundalike.audio.chunks import declared_end

KINDS = {
    "AU": "AU", "CAF": "CAF", "W64": "W64", "SVX": "SVX", "VOC": "VOC", "NIST": "NIST",
    "AVR": "AVR",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_ends_where_it_says(corpus, kind):
    for name, subtypes, _ in corpus.SNDFILE_KINDS:
        if name == kind:
            for subtype in subtypes.split():
                content = corpus.encoded(kind, subtype, corpus.tone(0.3))
                assert declared_end(io.BytesIO(content), kind) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.99])
def test_a_cut_file_says_where_it_would_end(corpus, kind, share):
    content = corpus.encoded(kind, "PCM_16", corpus.tone(0.3))
    cut = content[: int(share * len(content))]
    assert declared_end(io.BytesIO(cut), kind) == pytest.approx(len(content), abs=24)


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("ipod", "aac", "MPEG-4"),
        ("asf", "wmav2", "Windows Media"),
        ("webm", "libopus", "Matroska or WebM"),
    ],
)
def test_containers_of_pyav(corpus, container, codec, kind):
    pytest.importorskip("av")
    content = corpus.encoded_by_av(container, codec, corpus.tone(0.5))
    assert declared_end(io.BytesIO(content), kind) is None
    for share in (0.5, 0.95):
        cut = io.BytesIO(content[: int(share * len(content))])
        assert declared_end(cut, kind) > int(share * len(content))


def test_lengths_that_were_left_open_say_nothing(corpus):
    au = corpus.replaced(corpus.encoded("AU", "PCM_16"), 8, b"\xff\xff\xff\xff")
    caf = corpus.encoded("CAF", "PCM_16")
    caf = corpus.replaced(caf, caf.index(b"data") + 4, b"\xff" * 8)
    live = bytes.fromhex("1a45dfa3 80 18538067 01ffffffffffffff")
    for content, kind in ((au, "AU"), (caf, "CAF"), (live, "Matroska or WebM")):
        assert declared_end(io.BytesIO(content), kind) is None


def test_nonsense_says_nothing():
    for kind in (*KINDS, "MPEG-4", "Windows Media", "Matroska or WebM", "WVE", "PAF", ""):
        for content in (b"", b"abc", bytes(99), b"\xff" * 99):
            declared_end(io.BytesIO(content), kind)  # an end, but no error
