"""The decoders, in the order in which they are asked."""

from typing import BinaryIO

from soundalike.audio.decoder import Decoder, DecodingError
from soundalike.audio.pyav import AvDecoder
from soundalike.audio.sndfile import SndfileDecoder
from soundalike.audio.stream import Stream


def open_decoder(file: BinaryIO, stream: Stream, av_format: str) -> Decoder:
    """Open a stream with libsndfile, or with PyAV if libsndfile cannot read it.

    Args:
        file: the open file.
        stream: one of its streams.
        av_format: PyAV's name of the container; "" if PyAV is not to be asked.

    Raises:
        MissingDecoderError: libsndfile cannot read it, and PyAV is not installed.
        DecodingError: no decoder can read it.
    """
    try:
        return SndfileDecoder(file, stream)
    except DecodingError:
        if not av_format:
            raise
        return AvDecoder(file, stream, av_format)
