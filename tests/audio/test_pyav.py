"""Formats that only PyAV reads; the tests make them with its own encoders."""

import numpy as np
import pytest

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

av = pytest.importorskip("av", reason="PyAV is not installed")
LOSSLESS = {"alac", "pcm_s16le", "wavpack", "tta"}
KINDS = [
    ("ipod", "aac"), ("ipod", "alac"), ("mov", "pcm_s16le"), ("adts", "aac"), ("asf", "wmav2"),
    ("webm", "libopus"), ("wv", "wavpack"), ("tta", "tta"), ("ac3", "ac3"), ("wav", "adpcm_g722"),
]  # fmt: skip
NO_LENGTH = {"adts", "ac3"}


@pytest.fixture(scope="module", params=KINDS, ids=" ".join)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def content(corpus, kind):
    return corpus.encoded_by_av(*kind, corpus.tone(3))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Largest correlation of two waveforms; encoders may delay them a little."""
    n_fft = 2 ** (len(a) + len(b)).bit_length()
    products = np.fft.irfft(np.fft.rfft(a, n_fft) * np.conj(np.fft.rfft(b, n_fft)))
    return (
        max(products[:1200].max(), products[-1200:].max()) / np.linalg.norm(a) / np.linalg.norm(b)
    )


def test_it_is_read(corpus, saved, kind, content):
    path = saved(content)
    info = read_info(path)
    assert info.n_channels == 1
    assert info.duration_s == pytest.approx(3, abs=0.06)
    waveform = read_waveform(path, 44100)
    assert correlation(waveform, corpus.tone(3)[:, 0]) > (0.9999 if kind[1] in LOSSLESS else 0.95)


def test_a_segment_is_the_slice_of_the_whole(saved, content):
    path = saved(content)
    rate = read_info(path).sample_rate
    whole = read_waveform(path, rate)
    for start_s, end_s in ((0.0, 0.5), (1.25, 2.0), (2.5, 99.0)):
        segment = read_waveform(path, rate, start_s, end_s)
        first, last = round(start_s * rate), round(end_s * rate)
        np.testing.assert_array_equal(segment, whole[first:last])
    with pytest.raises(AudioError, match="segment outside the clip"):
        read_waveform(path, rate, 9.0)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_is_named_or_shorter(saved, kind, content, share):
    path = saved(content[: int(share * len(content))])
    if kind[0] in NO_LENGTH:
        assert read_info(path).duration_s == pytest.approx(3 * share, abs=0.1)
        return
    with pytest.raises(AudioError) as caught:
        read_waveform(path, 22050)
    assert caught.value.problem in {"truncated", "damaged"}


def test_damage_is_named(corpus, saved, kind, content, capfd):
    if kind[1] in {"alac", "pcm_s16le", "adpcm_g722"}:
        pytest.skip("any bytes are samples")
    with pytest.raises(AudioError, match="damaged"):
        read_waveform(saved(corpus.damaged(content, 3000)), 22050)
    assert capfd.readouterr().err == ""


def test_an_unknown_codec_is_named(corpus, saved):
    content = bytearray(corpus.encoded("WAV", "PCM_16", corpus.tone(1)))
    content[20:22] = (0x1234).to_bytes(2, "little")  # the number of the codec
    with pytest.raises(AudioError) as refusal:
        read_info(saved(bytes(content)))
    assert refusal.value.explanation == (
        "it is WAV, but decoding failed (its codec is unknown); encode it again"
    )


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a", "a.flac"])
def test_its_name_may_lie(saved, content, name):
    assert read_info(saved(content, name)).duration_s == pytest.approx(3, abs=0.06)


def test_stereo(corpus, saved):
    samples = corpus.tone(1, 2) * [[1.0, 0.5]]
    for kind in (("ipod", "alac"), ("wav", "pcm_s24le"), ("wav", "pcm_f32le"), ("wav", "pcm_u8")):
        path = saved(corpus.encoded_by_av(*kind, samples))
        waveform = read_waveform(path, 44100)
        np.testing.assert_allclose(waveform, samples.mean(axis=1), atol=0.01)


def test_a_film_without_sound(saved, tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 16
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    with pytest.raises(AudioError, match="it has no sound track"):
        read_info(path)


@pytest.mark.parametrize(("container", "codec"), [("ac3", "ac3"), ("adts", "aac")])
def test_channels_that_change_are_named(corpus, saved, container, codec):
    """As in a broadcast from one program to the next; what lies before can be used."""
    one, two = (corpus.encoded_by_av(container, codec, corpus.tone(n_channels=n)) for n in (1, 2))
    path = saved(one + two, codec)
    with pytest.raises(AudioError, match="decoding failed after") as caught:
        read_waveform(path, corpus.RATE)
    assert caught.value.problem == "damaged"
    assert len(read_waveform(path, corpus.RATE, end_s=2.5)) == round(2.5 * corpus.RATE)
