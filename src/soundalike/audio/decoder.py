"""What a decoder is: it may seek once, and then reads a stream to its end."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class DecodingError(Exception):
    """A decoder cannot read a stream, or cannot go on."""

    exit_code = 1


class MissingDecoderError(Exception):
    """PyAV could read a file, but is not installed."""

    exit_code = 1


class Decoder(Protocol):
    """A stream that is decoded.

    Attributes:
        sample_rate: in Hz.
        n_channels: number of channels.
        n_samples: length of one channel; None if only decoding can tell.
        declared_s: length in seconds that the file declares, 0 if `n_samples` says it all.
        complaint: the first thing that it complained about so far, "" if nothing.
        format: the container, as the decoder calls it.
        subtype: the coding of the samples, as the decoder calls it.
    """

    sample_rate: int
    n_channels: int
    n_samples: int | None
    declared_s: float
    complaint: str
    format: str
    subtype: str

    def seek(self, position: int) -> None:
        """Move to a sample; DecodingError if that fails."""

    def read(self, n_samples: int) -> NDArray[np.float32]:
        """Decode the next samples, [samples, channels]; fewer at the end; DecodingError."""

    def close(self) -> None:
        """Let go of the stream."""
