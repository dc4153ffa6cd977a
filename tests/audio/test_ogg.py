"""Ogg files: chained, cut, with pages lost or damaged, and with FLAC in them."""

import numpy as np
import pytest

from soundalike.audio.audio_error import AudioError
from soundalike.audio.ogg import ogg_streams, page_crc
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

CODECS = {"VORBIS": 44100, "OPUS": 48000}


@pytest.fixture(scope="module", params=CODECS)
def codec(request):
    return request.param


@pytest.fixture(scope="module")
def whole(corpus, codec):
    return corpus.encoded("OGG", codec, corpus.tone(8))


def read(path):
    return read_waveform(path, 44100)


def test_the_checksum_is_that_of_the_specification(corpus, whole):
    for page in corpus.ogg_pages(whole):
        assert page_crc(corpus.replaced(page, 22, bytes(4))) == int.from_bytes(
            page[22:26], "little"
        )


def test_a_whole_file_is_one_stream(saved, whole):
    (stream,) = ogg_streams(saved(whole).open("rb"))
    assert (stream.n_samples, stream.is_cut, stream.damaged_at_s) == (None, False, None)


@pytest.mark.parametrize("n_lost", [1, 50, 9999])
def test_a_file_ends_with_a_page_or_was_cut(saved, whole, n_lost):
    with pytest.raises(AudioError, match="truncated"):
        read_info(saved(whole[:-n_lost]))


def test_a_stream_without_its_last_pages_is_a_shorter_one(corpus, saved, whole, codec):
    pages = corpus.ogg_pages(whole)
    path = saved(b"".join(pages[: len(pages) // 2]))
    seconds = read_info(path).duration_s
    assert 2 < seconds < 6
    assert len(read(path)) / 44100 == pytest.approx(seconds, abs=0.01)


def test_chained_streams_are_all_read(corpus, saved, whole, codec):
    other = corpus.encoded("OGG", codec, corpus.tone(3, 2))
    path = saved(whole + other + whole)
    expected = [len(read(saved(part, "part"))) for part in (whole, other, whole)]
    assert len(read(path)) == sum(expected)
    rate = CODECS[codec]
    assert read_info(path).n_samples == 2 * 8 * 44100 + 3 * 44100
    middle = read_waveform(path, rate, 8.5 * 44100 / rate, 9.5 * 44100 / rate)
    assert len(middle) == pytest.approx(44100, abs=2)


def test_streams_of_other_codecs_and_rates_are_chained(corpus, saved):
    parts = [corpus.encoded("OGG", codec, corpus.tone(2)) for codec in CODECS]
    expected = [len(read(saved(part, "part"))) for part in parts]
    assert len(read(saved(b"".join(parts)))) == pytest.approx(sum(expected), abs=1)


def test_a_lost_page_is_named(corpus, saved, whole):
    pages = corpus.ogg_pages(whole)
    del pages[len(pages) // 2]
    with pytest.raises(AudioError, match=r"damaged: decoding failed after [234]\.\d"):
        read(saved(b"".join(pages)))


def test_a_damaged_page_is_named(corpus, saved, whole):
    path = saved(corpus.damaged(whole, 20))
    with pytest.raises(AudioError, match=r"damaged: decoding failed after [234]\.\d"):
        read(path)
    assert len(read_waveform(path, 44100, 0.5, 1.5)) == 44100


def test_a_header_without_samples(saved, corpus, codec):
    pages = corpus.ogg_pages(corpus.encoded("OGG", codec, corpus.tone(1)))
    with pytest.raises(AudioError, match="no samples"):
        read_info(saved(b"".join(pages[:2])))


@pytest.mark.parametrize("bits", [12, 16, 20, 24])
def test_flac_in_ogg_is_read(corpus, saved, bits):
    samples = corpus.tone(1)[:, 0]
    content = corpus.ogg_flac(corpus.flac(bits, samples))
    waveform = read(saved(content))
    np.testing.assert_allclose(waveform, samples, atol=2.0 ** (2 - bits))
    twice = read(saved(content + content))
    np.testing.assert_array_equal(twice, np.concatenate([waveform, waveform]))
    with pytest.raises(AudioError, match="truncated"):
        read(saved(content[:-9]))


def test_other_bytes_have_no_streams(saved):
    assert ogg_streams(saved(b"no pages at all").open("rb")) == []


def test_flac_of_32_bits_in_ogg_needs_pyav(corpus, saved):
    pytest.importorskip("av")
    samples = corpus.tone(1)[:, 0]
    path = saved(corpus.ogg_flac(corpus.flac(32, samples)))
    np.testing.assert_allclose(read(path), samples, atol=2**-20)


def test_damage_in_the_last_page_is_named(corpus, saved, whole):
    path = saved(corpus.replaced(whole, len(whole) - 20, b"0123456789"))
    with pytest.raises(AudioError, match="damaged"):
        read(path)


def test_bytes_after_the_last_page_are_no_damage(saved, whole):
    path = saved(whole + b"TAG".ljust(128, b"a"))
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))


def test_a_stream_of_something_else_lies_between(corpus, saved, whole):
    """As in a film: its pages are passed over, and its granules are no time of the sound."""
    pages = corpus.ogg_pages(whole)
    film = [corpus.ogg_page(b"\x80theora" + bytes(40), 2, 0, 0, serial=99)]
    film += [corpus.ogg_page(bytes(99), 0, 2**40 + n, n, serial=99) for n in (1, 2)]
    mixed = [film[0], pages[0], film[1], *pages[1:4], film[2], *pages[4:]]
    (stream,) = ogg_streams(saved(b"".join(mixed)).open("rb"))
    assert stream.damaged_at_s is None
    mixed[-3] = corpus.damaged(mixed[-3], 9)
    (stream,) = ogg_streams(saved(b"".join(mixed)).open("rb"))
    assert 3 < stream.damaged_at_s < 8
