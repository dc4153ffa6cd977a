"""Shards of a source: the share that each job of an array embeds, into an archive of its own.

SHARDS/3-of-16/             an archive of the third of 16 shares
SHARDS/3-of-16/shard.json   there once all clips of the share are embedded
SHARDS/3-of-16.problems.csv the clips that were skipped, if there are any

The path of a recording decides which share it is in. So all clips of a recording are in one share,
and a recording stays in its share when others are added or when the source is in another order.
"""

import dataclasses
import hashlib
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from soundalike.archive.head import ArchiveError, is_archive
from soundalike.datasets.clips import ClipTable
from soundalike.runtime.atomic import write_json

DONE = "shard.json"
FOLDER = re.compile(r"(\d+)-of-(\d+)")
MOST_NAMED = 10


@dataclass(frozen=True)
class Shard:
    """One of the shares of a source.

    Args:
        number: from 1 to `n`.
        n: number of shares.
    """

    number: int
    n: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the shard that a text such as 3/16 names.

        Raises:
            ValueError: it names none.
        """
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        shard = cls(int(match[1]), int(match[2])) if match else None
        if shard is None or not 1 <= shard.number <= shard.n:
            raise ValueError(f"'{text}': expected a shard such as 3/16, from 1/16 to 16/16")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.n}"

    @property
    def folder(self) -> str:
        """Name of the folder of its archive."""
        return f"{self.number}-of-{self.n}"

    def share(self, clips: ClipTable) -> ClipTable:
        """Return the clips of this shard, and the problems of the source that belong to it."""
        numbers = shard_numbers(clips.relative_paths(), self.n)
        problems = pd.DataFrame({"path": [each.path for each in clips.problems]}, dtype=object)
        of_problems = ClipTable(clips.name, problems, root=clips.root).relative_paths()
        is_ours = shard_numbers(of_problems, self.n) == self.number
        share = clips.where(numbers == self.number)
        ours = [clips.problems[position] for position in np.flatnonzero(is_ours)]
        return dataclasses.replace(share, problems=ours, notes=clips.notes)


@contextmanager
def finish_shard(archive: Path) -> Iterator[None]:
    """Note that a shard is finished, once the code inside has embedded it without an error.

    Args:
        archive: folder of its archive.
    """
    (archive / DONE).unlink(missing_ok=True)
    yield
    write_json(archive / DONE, {"shard": archive.name})


def shard_numbers(paths: pd.Series, n: int) -> np.ndarray:
    """Return the number of the shard of each path, from 1 to n.

    Args:
        paths: relative to the root of the source, with "/" on every system.
        n: number of shards.

    Shape:
        paths, result: [paths].
    """

    def number(path: str) -> int:
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % n + 1

    numbers = {path: number(path) for path in paths.unique()}
    return np.array([numbers[path] for path in paths], np.int64)


def require_shards_of(shards: Path, n: int) -> None:
    """Refuse a folder that is an archive, or holds shards of another number.

    Raises:
        ArchiveError: it is one.
    """
    if is_archive(shards):
        raise ArchiveError(
            f"{shards}: is an archive: name another folder for the shards, and `merge` them into "
            "it."
        )
    if others := sorted({each.n for each in _shards_in(shards)} - {n}):
        raise ArchiveError(
            f"{shards}: has shards of {others[0]}: use --shard i/{others[0]}, or name a new folder."
        )


def finished_shards(shards: Path) -> list[Path]:
    """Return the archives of all shards in a folder.

    Raises:
        ArchiveError: there are none, some are missing or unfinished, or they are of several
            numbers of shards.
    """
    present = _shards_in(shards)
    command = f"soundalike embed SOURCE --out {shlex.quote(str(shards))} --shard"
    if not present:
        raise ArchiveError(f"{shards}: no shards there: make them with `{command} i/n`.")
    numbers = sorted({each.n for each in present})
    if len(numbers) > 1:
        words = " and ".join(map(str, numbers))
        raise ArchiveError(f"{shards}: has shards of {words}: delete those that are not wanted.")
    every = [Shard(number, numbers[0]) for number in range(1, numbers[0] + 1)]
    missing = [each for each in every if not (shards / each.folder / DONE).is_file()]
    if missing:
        names = ", ".join(str(each) for each in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
        are = "is" if len(missing) == 1 else "are"
        raise ArchiveError(
            f"{shards}: {names}{more} {are} missing or unfinished: run `{command} {missing[0]}`"
            f"{', and so on' if len(missing) > 1 else ''}."
        )
    return [shards / each.folder for each in every]


def _shards_in(shards: Path) -> list[Shard]:
    names = [each.name for each in shards.iterdir()] if shards.is_dir() else []
    matches = [FOLDER.fullmatch(name) for name in names]
    return [Shard(int(match[1]), int(match[2])) for match in matches if match]
