"""Open sound files; any problem is an `AudioError` with a one-line message."""

import dataclasses
import functools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import (
    AudioError,
    damaged,
    incomplete,
    needs_extra,
    no_samples,
    not_audio,
    truncated,
)
from soundalike.audio.audio_info import AudioInfo, Part
from soundalike.audio.containers import Contents, contents_of
from soundalike.audio.decoder import Decoder, DecodingError, MissingDecoderError
from soundalike.audio.decoders import open_decoder
from soundalike.audio.regular_file import open_regular
from soundalike.audio.stream import TOLERANCE_S, Stream

logger = logging.getLogger(__name__)

# FFmpeg rounds, and counts what encoders add at both ends.
AV_TOLERANCE_S = 0.25
# Samples that are decoded at a time where a file is damaged, to find out where.
SMALL_BLOCK = 2**10
SAMPLE_RATES = range(100, 10_000_001)


class SoundFile:
    """An open sound file, made by `open_sound`.

    Args:
        path: the file, as named by the caller.
        file: the same, open.
        contents: what it holds.
    """

    def __init__(self, path: str | os.PathLike[str], file: BinaryIO, contents: Contents) -> None:
        self.path, self._file, self._kind = path, file, contents.kind
        self._unused: tuple[Stream, Decoder] | None = None
        self.parts = [self._part(stream) for stream in contents.streams]
        if len(self.parts) > 1:
            self.parts = [self._counted(part) for part in self.parts]

    @property
    def info(self) -> AudioInfo:
        """Rate, channels and coding of the first part; the length of all, decoded if need be."""
        first = self.parts[0]
        seconds = sum(self._counted(part).duration_s for part in self.parts)
        n_samples = round(seconds * first.sample_rate)
        return AudioInfo(
            first.sample_rate, first.n_channels, n_samples, first.format, first.subtype
        )

    def blocks(
        self, part: Part, start: int, stop: int | None, n_block: int
    ) -> Iterator[NDArray[np.float32]]:
        """Decode samples of a part, block by block.

        Args:
            part: one of `parts`.
            start: the first sample.
            stop: the sample after the last; None for the end of the part.
            n_block: samples in a block.

        Shape:
            each block: [samples, channels], never empty.

        Raises:
            AudioError: the part is damaged, or ends too early. What lies before comes first.
        """
        rate, damaged_at_s = part.sample_rate, part.stream.damaged_at_s
        stop = part.n_samples if stop is None else stop
        is_damaged = damaged_at_s is not None and (
            stop is None or stop == part.n_samples or stop > damaged_at_s * rate
        )
        if is_damaged:
            stop = max(start, round((damaged_at_s or 0) * rate))
        position = start
        decoder = self._decoder(part.stream, position)
        try:
            while stop is None or position < stop:
                n_requested = n_block if stop is None else min(n_block, stop - position)
                try:
                    block = decoder.read(n_requested)
                except DecodingError as error:
                    if n_block <= SMALL_BLOCK:
                        raise damaged(self.path, position / rate) from error
                    decoder.close()
                    n_block = SMALL_BLOCK
                    decoder = self._decoder(part.stream, position)
                    continue
                position += len(block)
                if len(block):
                    yield block
                if len(block) < n_requested:
                    break
        finally:
            decoder.close()
            if decoder.complaint:
                _warn(os.fspath(self.path), decoder.complaint)
        if is_damaged:
            raise damaged(self.path, damaged_at_s or 0)
        if stop is not None and position == stop:
            return
        if part.n_samples is None:
            if decoder.declared_s - position / rate > AV_TOLERANCE_S:
                raise incomplete(self.path, position / rate, decoder.declared_s)
        elif position == start or (stop or 0) - position > TOLERANCE_S * rate:
            raise damaged(self.path, position / rate)

    def close(self) -> None:
        """Let go of a decoder that was opened and not used."""
        if self._unused:
            self._unused[1].close()
            self._unused = None

    def _counted(self, part: Part) -> Part:
        """Return a part whose length is known, decoded if need be."""
        if part.n_samples is not None:
            return part
        n_samples = sum(map(len, self.blocks(part, 0, None, part.sample_rate)))
        if not n_samples:
            raise no_samples(self.path)
        return dataclasses.replace(part, n_samples=n_samples)

    def _part(self, stream: Stream) -> Part:
        if stream.is_cut:
            raise truncated(self.path)
        n_samples = stream.n_samples
        if n_samples != 0:
            decoder = self._decoder(stream)
            self.close()
            self._unused = stream, decoder
            n_samples, rate = decoder.n_samples, decoder.sample_rate
        if n_samples is not None and n_samples <= 0:
            raise no_samples(self.path)
        if rate not in SAMPLE_RATES:
            raise AudioError(
                self.path,
                "absurd sample rate",
                f"its header says {rate:,} Hz; correct the header",
            )
        if decoder.n_channels < 1:
            raise AudioError(
                self.path, "no channels", "its header says 0 channels; correct the header"
            )
        if n_samples is None and stream.share_missing:
            raise truncated(self.path)
        duration_s = (n_samples or 0) / rate
        if duration_s * stream.share_missing > TOLERANCE_S:
            raise truncated(self.path, duration_s, duration_s * (1 + stream.share_missing))
        return Part(stream, rate, decoder.n_channels, n_samples, decoder.format, decoder.subtype)

    def _decoder(self, stream: Stream, position: int = 0) -> Decoder:
        """Open a decoder and seek; raise an AudioError if no decoder can read the stream."""
        kind = self._kind
        if self._unused and self._unused[0] is stream:
            decoder, self._unused = self._unused[1], None
            return self._at(decoder, position)
        try:
            decoder = open_decoder(
                self._file, stream, stream.av_format or (kind.av_format if kind else "")
            )
        except MissingDecoderError as error:
            raise needs_extra(self.path, kind) from error
        except DecodingError as error:
            if stream.share_missing:
                raise truncated(self.path) from error
            raise not_audio(self.path, kind, str(error)) from error
        return self._at(decoder, position)

    def _at(self, decoder: Decoder, position: int) -> Decoder:
        """Return a decoder after a seek."""
        try:
            if position:
                decoder.seek(position)
        except DecodingError as error:
            decoder.close()
            raise damaged(self.path, position / decoder.sample_rate) from error
        return decoder


def read_info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read what a sound file says about itself; its length is counted.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, or was cut short.
    """
    with open_sound(path) as sound:
        return sound.info


@contextmanager
def open_sound(path: str | os.PathLike[str]) -> Iterator[SoundFile]:
    """Open a sound file that holds all the samples that it declares.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, or was cut short.
    """
    with open_regular(path) as file:
        sound = SoundFile(path, file, contents_of(file))
        try:
            yield sound
        finally:
            sound.close()


@functools.lru_cache(maxsize=4096)
def _warn(path: str, complaint: str) -> None:
    """Log once for every file: some are read several times."""
    logger.warning("%s: its decoder complains: %s", path, complaint)
