"""Resumable work: items are processed in parts, and an interrupted run continues with the rest.

A part is a few consecutive items. Its worker writes the data file first and the record last, each
atomically. So a part is done exactly if its record exists, and two runs of the same items leave the
same files. Files are numbered: ``0000012.json`` is the record of part 12.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from soundalike.runtime.atomic import write_text

Item = TypeVar("Item")
RECORD = ".json"


@dataclass(frozen=True)
class Part(Generic[Item]):
    """Consecutive items that are processed together.

    Args:
        folder: where the files of all parts lie.
        number: position among the parts, from 0.
        items: what to process.
    """

    folder: Path
    number: int
    items: list[Item]

    def file(self, suffix: str) -> Path:
        """Return the part's file with a suffix such as ".float16"."""
        return self.folder / f"{self.number:07d}{suffix}"

    def finish(self, record: Any) -> None:
        """Write the part's record, which marks the part as done.

        Args:
            record: content for JSON.

        Raises:
            OSError: the file cannot be written.
        """
        write_text(self.file(RECORD), json.dumps(record))


def cut_into_parts(items: Iterable[Item], size: int, folder: Path) -> Iterator[Part[Item]]:
    """Cut items into parts of `size` items; the last one may be smaller.

    >>> [part.items for part in cut_into_parts("abcde", 2, Path("parts"))]
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    for number in itertools.count():
        if not (of_part := list(itertools.islice(rest, size))):
            return
        yield Part(folder, number, of_part)


def cut_by_size(sizes: Sequence[int], most_items: int, most_bytes: int) -> Iterator[range]:
    """Cut items into parts of at most so many, and fewer if they are large.

    Where they are cut depends on the items of a part and the one after it. So the rest of an
    interrupted run is cut as it would have been.

    Args:
        sizes: of the items, in bytes; negative if unknown.
        most_items: of a part.
        most_bytes: of the items of a part together, if it has several.

    Yields:
        The positions of the items of each part.

    >>> list(cut_by_size([1, 1, 1, 9, 5, 1], most_items=2, most_bytes=6))
    [range(0, 2), range(2, 3), range(3, 4), range(4, 6)]
    """
    first = n_bytes = 0
    for position, size in enumerate(sizes):
        if position > first and (position - first == most_items or n_bytes + size > most_bytes):
            yield range(first, position)
            first, n_bytes = position, 0
        n_bytes += max(0, size)
    if first < len(sizes):
        yield range(first, len(sizes))


def parts_to_do(items: Iterable[Item], size: int, folder: Path) -> Iterator[Part[Item]]:
    """Yield the parts that have no record yet; earlier runs did the others.

    Args:
        items: the same items, in the same order, in every run.
        size: items of a part, the same in every run.
        folder: where the files of the parts lie.
    """
    finished = set(finished_records(folder))
    return (p for p in cut_into_parts(items, size, folder) if p.file(RECORD) not in finished)


def finished_records(folder: Path) -> list[Path]:
    """Return the record files of the parts that are done, in the order of the parts."""
    return sorted(folder.glob(f"*{RECORD}"), key=lambda path: (len(path.name), path.name))


def read_records(folder: Path) -> Iterator[Any]:
    """Yield the records of the parts that are done, in the order of the parts."""
    for path in finished_records(folder):
        yield json.loads(path.read_text(encoding="utf-8"))
