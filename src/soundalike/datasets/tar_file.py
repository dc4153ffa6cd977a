"""Read the members of a tar, none of which is trusted.

A tar is read once from start to end. So a member's declared size costs no memory, and headers that
point backwards cannot make it endless. Compressed tars are refused: a tar without compression holds
no more bytes than its file has, whatever it declares.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from soundalike.datasets.clips import Problem
from soundalike.runtime.counts import counted

_COMPRESSED = {
    b"\x1f\x8b": "gunzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"\x28\xb5\x2f\xfd": "unzstd",
}
_MOST_FOLDERS = 100  # of which a name consists
_MOST_PADDING = 2**20  # zeros that programs add after the end, in bytes
# What tarfile raises at damaged headers; RecursionError at a chain of thousands of long names.
_DAMAGED = (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError)


def files_in(
    tar: Path, problems: list[Problem], has_read: Callable[[int], object] = lambda n_bytes: None
) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Yield the files of a tar in their order: name, and content to be read before the next.

    Names are relative and stay below the folder that they are unpacked in. Everything else is a
    problem: links, devices, sparse files, other names, and what is damaged or cut off. Of the file
    at which a tar is cut off, or the disk fails, the content raises `tarfile.ReadError`.

    Args:
        tar: a regular file.
        problems: gets the problems.
        has_read: called with the number of bytes whenever some of the tar have been read.

    Raises:
        OSError: the tar cannot be opened.
    """
    n_files = 0
    with tar.open("rb") as file:
        first = file.read(6)
        for magic, program in _COMPRESSED.items():
            if first.startswith(magic):
                problems.append(_problem(tar, f"is compressed: uncompress it with {program}."))
                return
        file.seek(0)
        n_bytes, disk = tar.stat().st_size, _Disk(file, has_read)
        try:
            with tarfile.open(fileobj=disk, mode="r|", encoding="utf-8") as members:
                while member := members.next():
                    # tarfile keeps all of them, for random access.
                    members.members = []  # type: ignore[attr-defined]
                    name = PurePosixPath(member.name)
                    if member.isdir():
                        pass
                    elif reason := _refusal(member, name):
                        message = f"{in_a_line(member.name)} is not read: {reason}."
                        problems.append(_problem(tar, message))
                    elif content := members.extractfile(member):
                        yield name, content
                        if disk.failure:
                            raise tarfile.ReadError(f"{disk.failure} in {member.name}")
                        n_files += content.tell() == member.size
                    if members.offset > n_bytes:  # to where tarfile would read, however far
                        raise tarfile.ReadError("unexpected end of data")
            end = members.offset
        except _DAMAGED as error:
            reason = in_a_line(str(error) or type(error).__name__)
            read = f"damaged after {counted(n_files, 'file')} ({reason})"
            problems.append(_problem(tar, f"{read}: what follows is not read; copy it again."))
            return
        if message := _about_end(file, end, n_files):
            problems.append(_problem(tar, message))


class _Disk(io.RawIOBase):
    """Reads a tar; where the disk fails, the tar ends, as where it is cut off.

    Attributes:
        failure: what the disk has said; "" so far.
    """

    def __init__(self, file: BinaryIO, has_read: Callable[[int], object]) -> None:
        self._file, self._has_read = file, has_read
        self.failure = ""

    def read(self, n_bytes: int = -1) -> bytes:
        if not self.failure:
            try:
                content = self._file.read(n_bytes)
            except OSError as error:
                self.failure = error.strerror or str(error)
            else:
                self._has_read(len(content))
                return content
        raise tarfile.ReadError(self.failure)


def _refusal(member: tarfile.TarInfo, name: PurePosixPath) -> str:
    """Say why a member is not read; "" if it is."""
    if member.issym() or member.islnk():
        return "it is a link"
    if not member.isreg():
        return "it is no file"
    if member.issparse():
        return "it is sparse; store it whole"
    here = Path(member.name)  # as this system reads it
    is_outside = here.anchor or name.is_absolute() or ".." in (*here.parts, *name.parts)
    if is_outside or "\0" in member.name or not name.name:
        return "its name leads out of the tar"
    if len(name.parts) > _MOST_FOLDERS:
        return "its folders are too deep"
    try:
        member.name.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    return ""


def _about_end(file: BinaryIO, end: int, n_files: int) -> str:
    """Say what is wrong with the end of a tar, which tarfile does not; "" if nothing is.

    Args:
        file: the tar.
        end: where tarfile has found no further header, in bytes.
        n_files: how many files it has found.
    """
    file.seek(end)
    block, rest = file.read(tarfile.BLOCKSIZE), file.read(_MOST_PADDING)
    if len(block) < tarfile.BLOCKSIZE:
        return f"ends without the mark of an end, after {counted(n_files, 'file')}: is it cut off?"
    if any(block):
        return (
            f"damaged after {counted(n_files, 'file')} (no header): what follows is not read; copy "
            "it again."
        )
    if any(rest) or len(rest) == _MOST_PADDING:
        return (
            f"goes on after its end, which follows {counted(n_files, 'file')}: what follows is not "
            "read; it is damaged, or several tars were joined."
        )
    return ""


def _problem(tar: Path, message: str) -> Problem:
    return Problem(str(tar), "tar", f"{in_a_line(str(tar))}: {message}")


def in_a_line(name: str) -> str:
    """Return a name with everything escaped that a terminal would not print."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)
