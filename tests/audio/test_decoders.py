"""Which decoder reads what."""

import sys

import pytest

from soundalike.audio.audio_error import AudioError
from soundalike.audio.decoder import DecodingError, MissingDecoderError
from soundalike.audio.decoders import open_decoder
from soundalike.audio.pyav import AvDecoder
from soundalike.audio.sndfile import SndfileDecoder
from soundalike.audio.sound_file import read_info
from soundalike.audio.stream import Stream


@pytest.fixture
def without_av(monkeypatch):
    """An environment in which PyAV is not installed."""
    monkeypatch.setitem(sys.modules, "av", None)


def test_libsndfile_comes_first(corpus, saved):
    with saved(corpus.encoded("WAV", "PCM_16")).open("rb") as file:
        assert isinstance(open_decoder(file, Stream(), "wav"), SndfileDecoder)


def test_pyav_reads_the_rest(corpus, saved):
    pytest.importorskip("av")
    with saved(corpus.encoded_by_av("adts", "aac")).open("rb") as file:
        assert isinstance(open_decoder(file, Stream(), "aac"), AvDecoder)
        with pytest.raises(DecodingError):
            open_decoder(file, Stream(), "")


@pytest.mark.usefixtures("without_av")
def test_without_pyav_its_name_is_said(saved):
    adts = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
    path = saved(2 * adts, "clip.wav")
    with path.open("rb") as file, pytest.raises(MissingDecoderError):
        open_decoder(file, Stream(), "aac")
    with pytest.raises(AudioError, match=r"it is AAC; .*pip install 'soundalike\[av\]'"):
        read_info(path)


@pytest.mark.usefixtures("without_av")
@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
     ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16")],
)  # fmt: skip
def test_the_usual_formats_need_no_pyav(corpus, saved, kind, subtype):
    content = corpus.encoded(kind, subtype)
    read_info(saved(content))
    read_info(saved(content + content))
    if kind == "MP3":
        read_info(saved(corpus.without_xing(content)))
