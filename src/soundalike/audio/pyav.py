"""Decode with PyAV, which brings FFmpeg and is optional."""

from collections.abc import Generator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.decoder import DecodingError, MissingDecoderError
from soundalike.audio.stream import Stream

# Containers whose length is written down; of the others, FFmpeg estimates it.
DECLARING = {"mov", "matroska", "asf", "wv", "tta", "ape", "caf", "wav", "flac", "dsf"}
# Codecs whose frames have a checksum.
WITH_CHECKSUMS = {"wavpack", "tta", "ape", "flac"}


class AvDecoder:
    """Decodes the first sound track of a file with PyAV.

    A stream is decoded from its start, also where a seek would do: only so is every sample the same
    as in the whole file.

    Raises:
        MissingDecoderError: PyAV is not installed.
        DecodingError: PyAV cannot read it, or it has no sound track.
    """

    def __init__(self, file: BinaryIO, stream: Stream, av_format: str) -> None:
        try:
            import av
        except (ImportError, OSError, RuntimeError) as error:
            raise MissingDecoderError(av_format) from error

        av.logging.set_level(None)
        self._errors = (av.error.FFmpegError, ValueError, EOFError)
        try:
            self._container: Any = av.open(
                stream.open(file), format=av_format, metadata_errors="ignore"
            )
            tracks = self._container.streams.audio
            if not tracks or tracks[0].codec_context is None:
                self._container.close()
                raise DecodingError("its codec is unknown" if tracks else "it has no sound track")
            if tracks[0].codec_context.name in WITH_CHECKSUMS:
                tracks[0].codec_context.options = {"err_detect": "crccheck+explode"}
            self._blocks = _decode(self._container, tracks[0])
            # Only the first frame tells the rate of AAC with spectral band replication.
            first = next(self._blocks, None)
        except self._errors as error:
            raise DecodingError(_reason(error)) from error
        track = tracks[0].codec_context
        self.sample_rate, self.n_channels = track.sample_rate, track.channels
        self._rest = np.empty((0, self.n_channels), np.float32) if first is None else first
        self.n_samples: int | None = None
        self.complaint = ""
        is_declared = av_format in DECLARING
        self.declared_s = _declared_s(self._container, tracks[0]) if is_declared else 0.0
        self.format, self.subtype = av_format.upper(), track.name.upper()

    def seek(self, position: int) -> None:
        """Move to a sample."""
        while position > 0 and len(block := self.read(min(position, self.sample_rate))):
            position -= len(block)

    def read(self, n_samples: int) -> NDArray[np.float32]:
        """Decode the next samples."""
        blocks, n_read = [self._rest], len(self._rest)
        try:
            while n_read < n_samples and (block := next(self._blocks, None)) is not None:
                blocks.append(block)
                n_read += len(block)
        except self._errors as error:
            raise DecodingError(_reason(error)) from error
        samples = np.concatenate(blocks)
        self._rest = samples[n_samples:]
        return samples[:n_samples]

    def close(self) -> None:
        """Let go of the stream."""
        self._blocks.close()
        self._container.close()


def _reason(error: Exception) -> str:
    """Return what FFmpeg says, without its number and the name of the file, which is unknown."""
    return getattr(error, "strerror", None) or str(error)


def _decode(container: Any, track: Any) -> Generator[NDArray[np.float32], None, None]:
    """Yield the frames of a track, [samples, channels].

    An error of the last packet is none: a stream that was recorded off the air ends anywhere.

    Raises:
        DecodingError: the number of channels or the rate changes in the middle.
    """
    from av.error import FFmpegError

    error: FFmpegError | None = None
    shape: tuple[int, int] | None = None
    for packet in container.demux(track):
        if error and packet.size:
            raise error
        try:
            frames = packet.decode()
        except FFmpegError as problem:
            error = problem
            continue
        for frame in frames:
            of_frame = frame.layout.nb_channels, frame.sample_rate
            if of_frame != (shape := shape or of_frame):
                raise DecodingError("its channels or its rate change")
            yield _samples(frame)


def _samples(frame: Any) -> NDArray[np.float32]:
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype == np.uint8:
        samples = (samples - 128.0) / 128
    elif samples.dtype.kind == "i":
        samples = samples / 2.0 ** (8 * samples.itemsize - 1)
    return samples.T.astype(np.float32)


def _declared_s(container: Any, track: Any) -> float:
    """Return the length that a file declares; 0 if it does not, or not that of this track."""
    if track.duration is not None:
        return float(track.duration * track.time_base)
    if len(container.streams) == 1 and container.duration is not None:
        return container.duration / 1e6
    return 0.0
