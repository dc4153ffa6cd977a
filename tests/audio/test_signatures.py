"""What a file is, by its content."""

import io

import pytest

from soundalike.audio.signatures import SIGNATURES, kind_of


def name_of(content: bytes) -> str | None:
    kind = kind_of(io.BytesIO(content))
    return kind.name if kind else None


def test_sounds_are_recognized(corpus):
    names = {
        "WAV": "WAV", "WAVEX": "WAV", "RF64": "WAV", "AIFF": "AIFF", "AU": "AU", "CAF": "CAF",
        "FLAC": "FLAC", "OGG": "Ogg", "W64": "W64", "VOC": "VOC", "PAF": "PAF", "SVX": "SVX",
        "NIST": "NIST", "AVR": "AVR", "PVF": "PVF",
    }  # fmt: skip
    for kind, subtypes, _ in corpus.SNDFILE_KINDS:
        if kind in names:
            content = corpus.encoded(kind, subtypes.split()[0], corpus.tone(0.1))
            assert name_of(content) == names[kind]


def test_mpeg_is_recognized_with_tags_and_without(corpus):
    content = corpus.mp3(samples=corpus.tone(0.5))
    raw = corpus.without_xing(content)
    tag = b"ID3\x04\x00\x00\x00\x00\x10\x00" + bytes(2048)
    for variant in (content, raw, tag + raw, tag + tag + raw, raw[:417]):
        assert name_of(variant) == "MPEG audio"
    assert name_of(tag) is None


def test_av_kinds_are_recognized(corpus):
    pytest.importorskip("av")
    names = {"m4a": "MPEG-4", "aac": "AAC", "wma": "Windows Media", "webm": "Matroska or WebM"}
    for suffix, container, codec in corpus.AV_KINDS:
        if suffix in names and codec != "alac":
            content = corpus.encoded_by_av(container, codec, corpus.tone(0.3))
            assert name_of(content) == names[suffix]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "a Git LFS pointer"),
        (b"\n<!DOCTYPE html><html>404", "a web page"),
        (b"MThd\x00\x00\x00\x06", "MIDI"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00", "the shadow of a macOS file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
    ],
)
def test_what_is_no_sound_has_a_hint(content, name):
    kind = kind_of(io.BytesIO(content))
    assert (kind.name, bool(kind.hint), kind.av_format) == (name, True, "")


def test_words_and_noise_are_nothing():
    for content in (b"", b"\xff", b"ID3", b"Dear diary, today I heard a bird.", bytes(5000)):
        assert name_of(content) is None


def test_no_signature_hides_another():
    for index, (offset, signature, _) in enumerate(SIGNATURES):
        for earlier, beginning, _ in SIGNATURES[:index]:
            assert (earlier, beginning) != (offset, signature[: len(beginning)])
