"""What files hold, by kind."""

import pytest

from soundalike.audio.containers import contents_of


def test_a_file_of_any_kind_has_a_stream(corpus, saved):
    contents = contents_of(saved(b"Dear diary").open("rb"))
    assert (contents.kind, len(contents.streams)) == (None, 1)
    contents = contents_of(saved(corpus.encoded("WAV", "PCM_16")).open("rb"))
    assert (contents.kind.name, len(contents.streams)) == ("WAV", 1)


def test_joined_files_have_several(corpus, saved):
    for content in (
        corpus.mp3(samples=corpus.tone(0.5)),
        corpus.encoded("OGG", "VORBIS", corpus.tone(0.5)),
        corpus.encoded("FLAC", "PCM_16", corpus.tone(0.5)),
        corpus.encoded("WAV", "PCM_16", corpus.tone(0.5)),
        corpus.encoded("AIFF", "PCM_16", corpus.tone(0.5)),
    ):
        assert len(contents_of(saved(3 * content).open("rb")).streams) == 3


def test_a_cut_file_lacks_a_share(corpus, saved):
    content = corpus.encoded("AU", "PCM_16")
    (stream,) = contents_of(saved(content[: len(content) // 2]).open("rb")).streams
    assert stream.share_missing == pytest.approx(1, abs=0.01)
