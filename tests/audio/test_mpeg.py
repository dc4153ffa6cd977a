"""MPEG audio is counted frame by frame."""

import re
import struct

import numpy as np
import pytest

from soundalike.audio.audio_error import AudioError
from soundalike.audio.mpeg import mpeg_streams, parse_header
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

RATE = 44100
TAG = b"ID3\x04\x00\x00\x00\x00\x10\x00" + bytes(2048)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 40, 8, 0) + bytes(8)
TAGS_AT_END = bytes(40) + APE + b"TAG" + b"a song".ljust(125, b"\0")


@pytest.fixture(scope="module")
def music(corpus):
    """Silence, then loud noise: with a variable bit rate, the first frames say nothing."""
    samples = corpus.tone(10)
    samples[: 2 * RATE] = 0
    samples[2 * RATE :] += 0.2 * np.random.default_rng(0).standard_normal((8 * RATE, 1))
    return samples


@pytest.fixture(scope="module")
def constant(corpus, music):
    return corpus.mp3(0.5, "CONSTANT", music)


@pytest.fixture(scope="module")
def variable(corpus, music):
    return corpus.mp3(0.2, "VARIABLE", music)


def read(path):
    return read_waveform(path, RATE)


@pytest.mark.parametrize("mode", ["constant", "variable"])
@pytest.mark.parametrize("before", [b"", TAG, TAG + TAG, bytes(300)], ids=len)
@pytest.mark.parametrize("after", [b"", TAGS_AT_END], ids=len)
def test_without_a_xing_header_all_is_read(corpus, saved, request, mode, before, after):
    frames = corpus.without_xing(request.getfixturevalue(mode))
    seconds = corpus.mp3_seconds(frames)
    path = saved(before + frames + after)
    assert read_info(path).duration_s == pytest.approx(seconds, abs=1e-6)
    waveform = read(path)
    assert len(waveform) == round(seconds * RATE)
    assert waveform[-RATE // 2 :].std() > 0.1
    segment = read_waveform(path, RATE, 8.0, 9.0)
    np.testing.assert_allclose(segment, waveform[8 * RATE : 9 * RATE], atol=1e-6)


@pytest.mark.parametrize("before", [b"", TAG])
@pytest.mark.parametrize("after", [b"", TAGS_AT_END], ids=len)
def test_with_a_xing_header_what_the_encoder_added_is_left_out(
    saved, variable, music, before, after
):
    path = saved(before + variable + after)
    assert read_info(path).n_samples == len(music)
    waveform = read(path)
    assert np.corrcoef(waveform, music[:, 0])[0, 1] > 0.85  # few bits, much noise


def test_joined_files_are_all_read(corpus, saved, constant, variable, music):
    other = corpus.mp3(0.9, samples=music[: 3 * RATE])
    path = saved(constant + TAG + other + variable)
    waveform = read(path)
    expected = [read(saved(part, "part")) for part in (constant, other, variable)]
    np.testing.assert_allclose(waveform, np.concatenate(expected), atol=1e-6)
    assert read_info(path).duration_s == pytest.approx(23, abs=0.01)
    segment = read_waveform(path, RATE, 9.0, 14.0)
    np.testing.assert_allclose(segment, waveform[9 * RATE : 14 * RATE], atol=1e-4)


def test_joined_files_without_xing_headers_are_all_read(corpus, saved, constant, variable):
    frames = corpus.without_xing(constant) + corpus.without_xing(variable)
    assert len(read(saved(frames))) == round(corpus.mp3_seconds(frames) * RATE)


def test_joined_files_of_other_rates_and_channels_are_all_read(saved, tmp_path, corpus):
    import soundfile

    contents = []
    for rate, n_channels in ((44100, 1), (48000, 2), (22050, 1)):
        soundfile.write(tmp_path / "a.mp3", corpus.tone(2, n_channels, rate), rate, format="MP3")
        contents.append((tmp_path / "a.mp3").read_bytes())
    path = saved(b"".join(contents))
    assert read_info(path).duration_s == pytest.approx(6, abs=0.01)
    assert len(read_waveform(path, 22050)) == pytest.approx(6 * 22050, abs=3)


def test_a_xing_header_that_counts_too_few_frames_is_not_believed(corpus, saved, constant):
    at = max(constant.find(b"Xing"), constant.find(b"Info")) + 8
    path = saved(corpus.replaced(constant, at, struct.pack(">I", 50)))
    assert read_info(path).duration_s == pytest.approx(10.0, abs=0.1)


def test_a_vbri_header_is_no_sound(corpus, saved, variable):
    frames = corpus.without_xing(variable)
    header = parse_header(frames[:4])
    vbri = frames[:4] + bytes(32) + b"VBRI" + bytes(100)
    path = saved(vbri[: header.n_bytes].ljust(header.n_bytes, b"\0") + frames)
    assert read_info(path).duration_s == pytest.approx(corpus.mp3_seconds(frames), abs=1e-6)


def test_a_mac_leaves_a_file_beside(corpus, saved, constant):
    saved(b"x", "._clip.mp3")
    assert len(read(saved(corpus.without_xing(constant), "clip.mp3"))) > 9 * RATE


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_file_lacks_frames_that_its_xing_header_counts(saved, constant, share, capfd):
    path = saved(constant[: int(share * len(constant))])
    with pytest.raises(AudioError, match="truncated: it ends after") as caught:
        read(path)
    actual_s = float(re.search(r"after ([\d.]+) s of 10\.03 s", str(caught.value))[1])
    assert actual_s == pytest.approx(10 * share, abs=0.06)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_file_without_one_is_a_shorter_file(corpus, saved, constant, share, capfd):
    frames = corpus.without_xing(constant)
    path = saved(frames[: int(share * len(frames))])
    assert len(read(path)) / RATE == pytest.approx(share * 10, abs=0.1)
    assert capfd.readouterr().err == ""


def test_a_file_that_begins_anywhere_is_read(corpus, saved, constant):
    frames = corpus.without_xing(constant)
    path = saved(frames[len(frames) // 2 + 5 :])
    assert len(read(path)) / RATE == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("has_xing", [True, False])
def test_damage_is_named_with_its_time(corpus, saved, constant, has_xing):
    content = constant if has_xing else corpus.without_xing(constant)
    path = saved(corpus.damaged(content, 4000))
    with pytest.raises(AudioError, match=r"damaged: decoding failed after 4\.9"):
        read(path)
    assert len(read_waveform(path, RATE, 1.0, 4.0)) == 3 * RATE


def test_padding_between_frames_is_no_damage(corpus, saved, constant):
    frames = corpus.without_xing(constant)
    size = parse_header(frames[:4]).n_bytes
    path = saved(frames[: 100 * size] + bytes(5000) + frames)
    assert len(mpeg_streams(path.open("rb"))) == 1
    assert read(path).shape[0] > 10 * RATE


def test_headers_of_all_versions_and_layers():
    mpeg1, mpeg2 = parse_header(b"\xff\xfb\x90\xc4"), parse_header(b"\xff\xf3\x84\x40")
    assert (mpeg1.n_bytes, mpeg1.n_samples, mpeg1.sample_rate) == (417, 1152, 44100)
    assert (mpeg2.n_bytes, mpeg2.n_samples, mpeg2.sample_rate) == (192, 576, 24000)
    layer1, layer2 = parse_header(b"\xff\xff\x94\xc4"), parse_header(b"\xff\xfd\x94\xc4")
    assert (layer1.n_bytes, layer1.n_samples) == (288, 384)
    assert (layer2.n_bytes, layer2.n_samples) == (480, 1152)
    for wrong in (b"", b"\xff\xfb", b"\xff\xeb\x90\xc4", b"\xff\xfb\xf0\xc4", b"\xff\xf9\x90\xc4"):
        assert parse_header(wrong) is None
