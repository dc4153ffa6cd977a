"""Files in object storage: S3, or a server that speaks its protocol; or in a folder."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.runtime.atomic import PARTIAL, atomic_write

if TYPE_CHECKING:
    import pyarrow.fs

ADVICE = (
    "check the address, the network, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY; then run it again."
)
S3 = "s3://"


class StorageError(Exception):
    """Object storage cannot be read or written; the message is one plain line."""

    exit_code = 1


def is_address(text: str) -> bool:
    """Return whether a text is an address in object storage, such as ``s3://bucket/birds``."""
    return bool(re.fullmatch(r"[a-z][a-z0-9+]+://[^/\s]+/\S+", text))


@dataclass(frozen=True)
class ObjectStorage:
    """The files at an address; the variables of the environment say who asks, and which server.

    A file is there whole or not at all. Several threads may use it.

    Args:
        address: such as ``s3://bucket/birds``; or the absolute path of a folder.

    Raises:
        ValueError: it is neither.
    """

    address: str

    def __post_init__(self) -> None:
        is_s3 = is_address(self.address) and self.address.startswith(S3)
        if not is_s3 and not os.path.isabs(self.address):
            raise ValueError(f"{self.address}: expected an address such as s3://bucket/birds")

    def read(self, name: str, start: int = 0, n_bytes: int | None = None) -> bytes:
        """Return a file, or a part of it, which is shorter where the file ends before.

        Raises:
            StorageError: there is no such file, or the storage cannot be reached.
        """
        with self._plain_errors(name), self._files.open_input_file(self._path(name)) as file:
            n_left = max(file.size() - start, 0)
            return file.read_at(n_left if n_bytes is None else min(n_bytes, n_left), start)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or replace it; it is on the disk of the storage then.

        Raises:
            StorageError: the storage cannot be reached or written to.
        """
        with self._plain_errors(name):
            if self.address.startswith(S3):
                with self._files.open_output_stream(self._path(name)) as file:
                    file.write(content)
                return
            path = Path(self._path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as temporary:
                temporary.write_bytes(content)

    def sizes(self) -> dict[str, int]:
        """Return the size of each file by its name, in bytes; half-written ones do not count.

        Raises:
            StorageError: the storage cannot be reached.
        """
        from pyarrow.fs import FileSelector

        with self._plain_errors():
            place = FileSelector(self._path(), allow_not_found=True)
            files = self._files.get_file_info(place)
        return {file.base_name: file.size for file in files if not file.base_name.endswith(PARTIAL)}

    @cached_property
    def _files(self) -> "pyarrow.fs.FileSystem":
        from pyarrow.fs import LocalFileSystem, S3FileSystem  # take a moment, seldom needed

        if not self.address.startswith(S3):
            return LocalFileSystem()
        server, region = map(os.environ.get, ("AWS_ENDPOINT_URL", "AWS_REGION"))
        return S3FileSystem(endpoint_override=server, region=region)

    def _path(self, name: str = "") -> str:
        return f"{self.address.removeprefix(S3).rstrip('/')}/{name}".rstrip("/")

    @contextmanager
    def _plain_errors(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise StorageError(f"{self.address}/{name}: is not there: {ADVICE}") from None
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).partition("\n")[0].split())[:300]
            raise StorageError(
                f"{self.address}: cannot be read or written ({reason}): {ADVICE}"
            ) from None
