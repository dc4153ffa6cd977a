"""The head of an archive, ``archive.json``: what all its rows have in common."""

import dataclasses
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soundalike.runtime.atomic import PARTIAL, write_json
from soundalike.runtime.object_storage import is_address

HEAD, MODEL = "archive.json", "model"
FORMAT = 1  # raise it when a version cannot read the archives of the next one


class ArchiveError(Exception):
    """An archive cannot be used; the one-line message says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Head:
    """What all rows of an archive have in common.

    Args:
        dim: size of a vector.
        model: fingerprint of the model that made the vectors.
        windows: how clips were cut into windows, for JSON.
        root: folder that paths are relative to; "" if they are absolute.
        half: If true, vectors are stored in half precision.
        version: version of soundalike that made the archive.
        tables: address of its tables in object storage, such as ``s3://bucket/birds``; "": they are
            in its folder.
    """

    dim: int
    model: str
    windows: dict[str, Any] = field(default_factory=dict)
    root: str = ""
    half: bool = False
    version: str = ""
    tables: str = ""


def is_archive(path: Path) -> bool:
    """Return whether a folder is an archive."""
    return (path / HEAD).is_file()


def require_new(path: Path, tables: str = "") -> None:
    """Refuse a path where an archive can neither be created nor opened.

    Args:
        path: an archive, an empty folder, one whose creation was interrupted, or nothing.
        tables: address for the tables of a new archive, or of those that the archive has.

    Raises:
        ArchiveError: it is a file, a folder with something else in it, or an archive with its
            tables elsewhere; or the address is none.
    """
    _require_folder(path)
    if path.exists() and not path.is_dir():
        raise ArchiveError(f"{path}: is a file: name a new folder for the archive.")
    if path.exists() and not is_archive(path):
        others = (each.name for each in path.iterdir() if not each.name.endswith(PARTIAL))
        if not set(others) <= {MODEL}:
            raise ArchiveError(f"{path}: exists and is not an archive: name a new folder.")
    if tables:
        _require_tables(path, tables)


def _require_tables(path: Path, tables: str) -> None:
    if not is_address(tables):
        raise ArchiveError(
            f"'{tables}': expected an address for the tables such as s3://bucket/birds: leave it "
            "out to keep them in the folder."
        )
    if is_archive(path) and (ours := read_head(path).tables) != tables:
        where = f"at {ours}" if ours else "in its folder"
        raise ArchiveError(
            f"--tables: those of {path} are {where}: leave it out, or name a new folder."
        )


def _require_folder(path: Path) -> None:
    if re.match(r"[a-z0-9+]{2,}:/", str(path)):
        address = re.sub(":/+", "://", str(path), count=1)
        raise ArchiveError(
            f"{address}: an archive is a folder, and only its tables may be in object storage: "
            f"name a folder, and write --tables {address} when you make it."
        )


def write_head(path: Path, head: Head) -> None:
    """Write the head of the archive in a folder.

    Raises:
        OSError: the file cannot be written.
    """
    content = {"format": FORMAT, **dataclasses.asdict(head)}
    if not head.tables:  # which earlier versions do not know
        del content["tables"]
    write_json(path / HEAD, content)


def read_head(path: Path) -> Head:
    """Read the head of the archive in a folder.

    Raises:
        ArchiveError: there is no archive, its format is newer, or its head is damaged.
    """
    _require_folder(path)
    if not is_archive(path):
        raise ArchiveError(
            f"{path}: no archive there: make one with `soundalike embed SOURCE --out "
            f"{shlex.quote(str(path))}`."
        )
    try:
        content = json.loads((path / HEAD).read_text(encoding="utf-8"))
        number = int(content.pop("format"))
        if number > FORMAT:
            raise ArchiveError(
                f"{path}: an archive of format {number}, written by a newer version of "
                f"soundalike; this one reads format {FORMAT}: update soundalike."
            )
        head = Head(**content)
        if not (isinstance(head.dim, int) and head.dim > 0):
            raise ValueError(f"dim is {head.dim}")
        if head.tables and not is_address(head.tables):
            raise ValueError(f"tables is {head.tables}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArchiveError(
            f"{path / HEAD}: damaged ({error}): delete {path} and embed the sounds again."
        ) from None
    return head
