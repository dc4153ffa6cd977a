"""Open files that are files, and can be read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from soundalike.audio.audio_error import AudioError


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a regular, readable file that is not empty and has a UTF-8 name.

    Raises:
        AudioError: it is none, or cannot be read.
    """
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
