"""Facts about a sound file and its parts."""

from dataclasses import dataclass

from soundalike.audio.stream import Stream


@dataclass(frozen=True)
class AudioInfo:
    """The header of a sound file; ``n_samples`` is the length of one channel at the file's rate."""

    sample_rate: int
    n_channels: int
    n_samples: int
    format: str
    subtype: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate


@dataclass(frozen=True)
class Part:
    """One of the streams of a sound file; most files have only one.

    Args:
        stream: what the decoder reads.
        sample_rate: in Hz.
        n_channels: number of channels.
        n_samples: length of one channel; None if only decoding can tell.
        format: the container, as the decoder calls it.
        subtype: the coding of the samples, as the decoder calls it.
    """

    stream: Stream
    sample_rate: int
    n_channels: int
    n_samples: int | None
    format: str
    subtype: str

    @property
    def duration_s(self) -> float:
        """Length in seconds; infinite if only decoding can tell."""
        return float("inf") if self.n_samples is None else self.n_samples / self.sample_rate

    @property
    def is_float(self) -> bool:
        """If true, samples may have any scale."""
        return self.subtype in ("FLOAT", "DOUBLE") or self.subtype.startswith("PCM_F")
