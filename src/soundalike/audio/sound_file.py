"""Open sound files; any problem is an `AudioError` with a one-line message."""

import mmap
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import soundfile

from soundalike.audio.container import ends_within_ogg_page, samples_chunk

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"}
)

# A valid mp3 may end a frame or two early (0.05 s, more at low rates); a shorter one was truncated.
TOLERANCE_S = 0.1
UNKNOWN_LENGTH = 2**63 - 1


class AudioError(Exception):
    """A sound file cannot be used; the one-line message says which, why and what to do.

    Attributes:
        path: the file, as named by the caller.
        problem: a short phrase to group and count errors by, such as "truncated".
    """

    exit_code = 1

    def __init__(self, path: str | os.PathLike[str], problem: str, explanation: str) -> None:
        super().__init__(path, problem, explanation)
        self.path = path
        self.problem = problem
        self.explanation = explanation

    def __str__(self) -> str:
        name = "".join(
            letter if letter.isprintable() else letter.encode("unicode_escape").decode()
            for letter in os.fspath(self.path)
        )
        return f"{name}: {self.problem}: {self.explanation}"


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


def read_info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read the header of a sound file, without decoding.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, or was cut short.
    """
    with open_sound(path) as file:
        return AudioInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


class Decoder(soundfile.SoundFile):
    """A sound file that is read sequentially, block by block."""

    def seekable(self) -> bool:
        """Return False, so that SoundFile does not seek to its position after every read.

        A seek makes an mp3 decoder drop the bits it kept for the next frame: blocks would start
        with gaps.
        """
        return False


@contextmanager
def open_sound(path: str | os.PathLike[str]) -> Iterator[Decoder]:
    """Open a sound file that holds all the samples that its header declares.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, or was cut short.
    """
    with _open_bytes(path) as file:
        chunk = samples_chunk(file)
        if ends_within_ogg_page(file):
            raise truncated(path)
        source: str | mmap.mmap = os.fspath(path)
        if chunk and chunk.is_open:
            # Give the decoder a copy of the header with the length filled in.
            source = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            source[chunk.start - 4 : chunk.start] = struct.pack("<I", chunk.n_present)
        try:
            sound = Decoder(source)
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a headerless .raw
            raise AudioError(
                path,
                "not audio",
                "no decoder can read it; convert it to wav, flac, ogg, opus, mp3 or aiff",
            ) from error
        with sound:
            if sound.frames <= 0:
                raise AudioError(
                    path, "no samples", "the file ends after its header; copy or record it again"
                )
            if sound.frames == UNKNOWN_LENGTH:
                raise AudioError(
                    path,
                    "unknown length",
                    "its header does not say how long it is; encode it again",
                )
            duration_s = sound.frames / sound.samplerate
            if chunk and duration_s * chunk.share_missing > TOLERANCE_S:
                raise truncated(path, duration_s, duration_s * (1 + chunk.share_missing))
            yield sound


@contextmanager
def _open_bytes(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a regular, readable file that is not empty and has a UTF-8 name."""
    try:
        os.fspath(path).encode()
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(path, "a folder", "a sound file was expected; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(path, "not a file", "a sound file was expected; save the sound as one")
        if status.st_size == 0:
            raise AudioError(path, "empty", "the file has no bytes; copy or record it again")
        file = open(path, "rb")  # noqa: SIM115
    except UnicodeEncodeError as error:
        raise AudioError(path, "undecodable name", "it is not UTF-8; rename the file") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(path, "missing", "there is no such file; correct the path") from error
    except PermissionError as error:
        raise AudioError(
            path, "permission denied", "you may not read it; ask its owner or chmod +r it"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioError(path, "unreadable", f"{error}; check the path and the disk") from error
    with file:
        yield file


def truncated(
    path: str | os.PathLike[str], actual_s: float | None = None, declared_s: float | None = None
) -> AudioError:
    """Return the error of a file that ends before it should."""
    reason = "its end is missing"
    if actual_s is not None:
        reason = f"it ends after {actual_s:.2f} s of {declared_s:.2f} s"
    return AudioError(path, "truncated", f"{reason}; copy or download it again")


def damaged(path: str | os.PathLike[str], at_s: float) -> AudioError:
    """Return the error of a file that cannot be decoded beyond some point."""
    return AudioError(
        path, "damaged", f"decoding failed after {at_s:.2f} s; copy or download it again"
    )
