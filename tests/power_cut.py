"""A power cut: of a folder, only what was written to the disk is left.

`Disk` stands in for `os.fsync` of a process and keeps what a disk would hold: files with the
content that they had when they were last flushed, and the names that were in a folder then.
`lose_unflushed` makes of a folder what a system could find after a power cut. What was not flushed
may be lost or not. So there are three kinds of cut:

"names lost"   a folder has the names of its last flush
"names kept"   all names are there; files that were not flushed are empty, or have zeros for some of
               their blocks, by chance
"mixed"        some folders have lost their names, by chance

A folder that was never flushed exists if something in it was, as on ext4, XFS and Btrfs. What a
library writes to the disk by itself, without `os.fsync`, counts as lost.
"""

import json
import os
import random
import shutil
from pathlib import Path

POWER_CUTS = ("names lost", "names kept", "mixed")
BLOCK = 512  # bytes that a disk writes at once

Entry = tuple[int, bool]
"""What a name stands for: an inode, and whether that is a folder."""


class Disk:
    """What was flushed in a folder.

    Args:
        folder: the folder, which may not exist yet.
        record: folder to keep it in: a file for every inode.
    """

    def __init__(self, folder: Path, record: Path) -> None:
        self.folder, self.record = folder, record
        self.held: dict[int, int] = {}  # open files, so that no other file gets their inodes
        record.mkdir()

    def fsync(self, descriptor: int) -> None:
        """Keep the content of a file, or the names in a folder."""
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if not path.is_relative_to(self.folder):
            return
        if path.is_dir():
            self._write(path, {each.name: self._entry(each) for each in path.iterdir()})
        else:
            shutil.copyfile(path, self.record / str(self._entry(path)[0]))
            path = path.parent
        while path != self.folder:
            path, child = path.parent, path
            self._write(path, self._names(path) | {child.name: self._entry(child)})

    def close(self) -> None:
        """Let go of the files."""
        for descriptor in self.held.values():
            os.close(descriptor)

    def _entry(self, path: Path) -> Entry:
        inode = path.stat().st_ino
        if inode not in self.held:
            self.held[inode] = os.open(path, os.O_RDONLY)
        return inode, path.is_dir()

    def _names(self, folder: Path) -> dict[str, Entry]:
        return flushed_names(self.record / str(folder.stat().st_ino))

    def _write(self, folder: Path, names: dict[str, Entry]) -> None:
        (self.record / str(self._entry(folder)[0])).write_text(json.dumps(names))


def flushed_names(of_folder: Path) -> dict[str, Entry]:
    """Return the names that a folder had when it was last flushed."""
    return json.loads(of_folder.read_bytes()) if of_folder.exists() else {}


def some_blocks(content: bytes, chance: random.Random) -> bytes:
    """Return nothing, or the content with zeros for some of its blocks."""
    if chance.random() < 0.5:
        return b""
    blocks = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)]
    return b"".join(chance.choice([block, bytes(len(block))]) for block in blocks)


def lose_unflushed(folder: Path, record: Path, cut: str, seed: int) -> None:
    """Leave in a folder what a power cut leaves.

    Args:
        folder: the folder, as the last process saw it.
        record: what its `Disk` has kept; it is deleted.
        cut: one of `POWER_CUTS`.
        seed: of the chance.
    """
    chance = random.Random(seed)

    def restore(before: Path | None, inode: int, after: Path) -> None:
        """Make a folder as it is after the cut; `before` is the one of before, if it exists."""
        after.mkdir()
        there = list(before.iterdir()) if before else []
        seen = {each.name: (each.stat().st_ino, each.is_dir()) for each in there}
        is_lost = cut == "names lost" or not before or (cut == "mixed" and chance.random() < 0.5)
        names = flushed_names(record / str(inode)) if is_lost else seen
        for name, (number, is_folder) in sorted(names.items()):
            flushed = record / str(number)
            if is_folder:
                is_there = before and seen.get(name, (0, False))[0] == number
                restore(before / name if is_there else None, number, after / name)
            elif flushed.exists():
                shutil.copyfile(flushed, after / name)
            elif is_lost or not (before / name).exists():
                (after / name).touch()
            else:
                (after / name).write_bytes(some_blocks((before / name).read_bytes(), chance))

    if folder.exists():
        after = folder.with_name(f"{folder.name}.after")
        restore(folder, folder.stat().st_ino, after)
        shutil.rmtree(folder)
        after.rename(folder)
    shutil.rmtree(record)
