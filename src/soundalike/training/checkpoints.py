"""The checkpoints of a run: the last one, and the one before in case that is damaged.

last.ckpt          from which an interrupted run resumes
before_last.ckpt   from which it resumes if last.ckpt is damaged
"""

import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.ranks import is_first

if TYPE_CHECKING:
    import lightning_fabric


class CheckpointError(Exception):
    """No checkpoint can be read; the message is one plain line that says what to do."""

    exit_code = 2


class Checkpoints:
    """The checkpoints in a folder.

    Args:
        folder: the folder, which need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last = folder / "last.ckpt"
        self.before = folder / "before_last.ckpt"

    def exist(self) -> bool:
        """Return whether there is one, damaged or not."""
        return self.last.exists() or self.before.exists()

    def load(self, fabric: "lightning_fabric.Fabric", state: dict[str, Any]) -> None:
        """Load the latest checkpoint that is intact into a state, if there is one.

        Only tensors and plain values are read, never code (``weights_only``). A damaged one is
        deleted if the one before it is intact, which it would replace.

        Raises:
            CheckpointError: all are damaged, or the latest does not match the state.
        """
        if path := self._latest(is_told=is_first()):
            with _refusing_damage(path):
                fabric.load(path, state, weights_only=True)
            if path == self.before and is_first():
                self.last.unlink(missing_ok=True)

    def n_steps_if_finished(self) -> int | None:
        """Return the number of steps of a finished training; None if there are steps to take.

        Raises:
            CheckpointError: all are damaged.
        """
        path = self._latest()
        if path is None:
            return None
        import torch  # slow to import

        with _refusing_damage(path):
            state = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
            return int(state["step"]) if state["step"] == state["n_steps"] else None

    def save(self, fabric: "lightning_fabric.Fabric", state: dict[str, Any]) -> None:
        """Write a checkpoint atomically, and keep the last one as the one before.

        On several ranks all call this, and the first writes.

        Raises:
            OSError: it cannot be written.
        """
        try:
            with self._replacing_last() if is_first() else nullcontext(self.last) as path:
                fabric.save(path, state)
        except RuntimeError as error:  # torch's error when the disk is full
            raise OSError(f"{self.last} cannot be written ({error})") from None

    def delete(self) -> None:
        """Delete them, if there are any."""
        self.last.unlink(missing_ok=True)
        self.before.unlink(missing_ok=True)

    @contextmanager
    def _replacing_last(self) -> Iterator[Path]:
        """Write a file that replaces the last checkpoint. At no time is there none."""
        with atomic_write(self.last) as path:
            yield path
            if self.last.exists() and not self._is_kept():
                with atomic_write(self.before) as before:
                    _copy(self.last, before)

    def _is_kept(self) -> bool:
        """Return whether a kill came between two renames: one of the other's links does nothing."""
        return self.before.exists() and self.before.samefile(self.last)

    def _latest(self, *, is_told: bool = False) -> Path | None:
        """Return the latest that is intact; None if there is none at all."""
        paths = [path for path in (self.last, self.before) if path.exists()]
        intact = [path for path in paths if _is_intact(path)]
        if not intact and paths:
            raise CheckpointError(
                f"{paths[0]} cannot be read (it is damaged): delete it to restart the run."
            )
        if intact and intact[0] != paths[0] and is_told:
            print(f"{paths[0]} is damaged: resumes from the one before it", file=sys.stderr)
        return intact[0] if intact else None


def _copy(path: Path, copy: Path) -> None:
    """Give a file a second name, or copy it where the disk has no such links."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copyfile(path, copy)


def _is_intact(path: Path) -> bool:
    """Return whether all bytes are as they were written: torch's format has checksums."""
    try:
        with zipfile.ZipFile(path) as file:
            return file.testzip() is None
    except Exception:  # whatever damaged bytes cause
        return False


@contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError, ValueError) as error:
        reason = str(error).partition("\n")[0] or "it is empty"
        raise CheckpointError(
            f"{path} cannot be read ({reason}): delete it to restart the run."
        ) from None
