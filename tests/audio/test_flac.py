"""The length of a FLAC file is that of its frames."""

import re

import numpy as np
import pytest

from soundalike.audio.audio_error import AudioError
from soundalike.audio.flac import crc8, flac_streams
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

RATE = 44100


@pytest.fixture(scope="module", params=["PCM_16", "PCM_24"])
def whole(corpus, request):
    return corpus.encoded("FLAC", request.param, corpus.tone(4.2, 2))


def read(path):
    return read_waveform(path, RATE)


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
@pytest.mark.parametrize("rest", [b"", b"TAG".ljust(128, b"a"), bytes(3000)], ids=len)
def test_a_header_with_another_length_is_not_believed(corpus, saved, whole, share, rest):
    n_samples = round(4.2 * RATE)
    path = saved(corpus.with_flac_total(whole, int(share * n_samples)) + rest)
    assert read_info(path).n_samples == n_samples
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))
    segment = read_waveform(path, RATE, 4.0, 4.1)
    np.testing.assert_array_equal(segment, read(saved(whole, "whole"))[4 * RATE :][: len(segment)])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_says_where_it_ends(saved, whole, share):
    with pytest.raises(AudioError, match=r"truncated: it ends after .* s of 4\.20 s"):
        read(saved(whole[: int(share * len(whole))]))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_that_does_not_know_its_length(corpus, saved, whole, share):
    content = corpus.with_flac_total(whole, 0)
    with pytest.raises(AudioError, match="damaged: decoding failed after") as caught:
        read(saved(content[: int(share * len(content))]))
    at_s = float(re.search(r"after ([\d.]+) s", str(caught.value))[1])
    assert at_s == pytest.approx(4.2 * share, abs=0.15)


def test_joined_files_are_all_read(saved, whole):
    once = read(saved(whole))
    np.testing.assert_array_equal(read(saved(whole + whole)), np.concatenate([once, once]))


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24])
@pytest.mark.parametrize("total", [0, None])
def test_every_width_is_read(corpus, saved, bits, total):
    samples = corpus.tone(0.5)[:, 0]
    content = corpus.flac(bits, samples)
    path = saved(content if total is None else corpus.with_flac_total(content, total))
    np.testing.assert_allclose(read(path), samples, atol=2.0 ** (2 - bits))


def test_32_bits_need_pyav(corpus, saved):
    pytest.importorskip("av")
    samples = corpus.tone(0.5)[:, 0]
    np.testing.assert_allclose(read(saved(corpus.flac(32, samples))), samples, atol=2**-20)


def test_a_long_file_has_many_frames(corpus, saved):
    content = corpus.flac(16, np.zeros(600_000), size=256)  # numbers of frames of two bytes
    assert read_info(saved(corpus.with_flac_total(content, 0))).n_samples == 600_000


def test_a_tag_before_is_passed_over(saved, whole):
    path = saved(b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128) + whole)
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))


def test_noise_is_no_frame(corpus, saved, whole):
    content = whole[:42] + np.random.default_rng(0).bytes(2**18)
    (stream,) = flac_streams(saved(content).open("rb"))
    assert stream.share_missing == 0
    with pytest.raises(AudioError):
        read(saved(content))


def test_the_checksum():
    assert crc8(b"123456789") == 0xF4
