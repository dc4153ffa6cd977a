"""The run folder: what a pre-training leaves behind, and what it needs to go on.

config.yaml        the source and the resolved recipe
metrics.csv        one row a step; what was found on the rows that end an epoch
health.html        the page on how the pre-training did
tensorboard/       the same as TensorBoard events
checkpoints/       last.ckpt, from which the run goes on
encoder/           the trained model, of the best epoch where a validation set can tell
classifier/        the classifier on top of it, where classes were learned
store/             the log-mels, where the run had to prepare them
"""

import csv
import os
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning_fabric
import yaml
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.lock import locked

CONFIG, METRICS = "config.yaml", "metrics.csv"
COLUMNS = ("step", "epoch", "learning_rate", "loss", "seconds")

Row = dict[str, float | Tensor]
"""What one step is known by: `COLUMNS` and perhaps scores; the loss may still be on its device."""


class RunError(Exception):
    """A run folder that cannot be used as asked: one plain line that says what to do."""

    exit_code = 2


class RunFolder:
    """A run's folder, new or of an earlier run.

    Args:
        path: the folder.

    Raises:
        RunError: the folder holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if (path / CONFIG).exists() or not path.exists():
            return
        # A run that ended before it had a configuration may have left the other two.
        if not path.is_dir() or set(os.listdir(path)) - {"store", "checkpoints"}:
            raise RunError(f"{path}: exists already and is no run: name a new folder.")

    def configure(self, **config: Any) -> None:
        """Keep what the run is made of in ``config.yaml``, or check that it is the same.

        Raises:
            RunError: the folder holds training with another configuration.
            InUseError: another training is at work in it.
        """
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            self._configure(config)

    def _configure(self, config: dict[str, Any]) -> None:
        if self.checkpoint.exists():
            # The same clips may be named in another way; their fingerprint tells.
            there = read_config(self.path) | {"source": config.get("source")}
            if difference := _difference(there, config):
                raise RunError(
                    f"{self.path}: holds a run with another configuration ({difference}): "
                    "name a new folder, or delete this one."
                )
            return
        with atomic_write(self.path / CONFIG) as beside:
            beside.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))

    @property
    def store(self) -> Path:
        """The folder of the log-mels, where the run had to prepare them."""
        return self.path / "store"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint from which the run goes on."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def encoder(self) -> Path:
        """The folder of the trained model."""
        return self.path / "encoder"

    def load(self, fabric: lightning_fabric.Fabric, state: dict[str, Any]) -> None:
        """Bring a state to where the checkpoint is, if there is one.

        Only tensors and plain values are read, never code (``weights_only``).

        Raises:
            RunError: the checkpoint is damaged, or holds something else.
        """
        if not self.checkpoint.exists():
            return
        try:
            fabric.load(self.checkpoint, state, weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError, ValueError) as error:
            reason = str(error).partition("\n")[0] or "it is empty"
            raise RunError(
                f"{self.checkpoint}: cannot be read ({reason}): delete it to start the run anew."
            ) from None

    def save(self, fabric: lightning_fabric.Fabric, state: dict[str, Any]) -> None:
        """Replace the checkpoint, in one move.

        Raises:
            OSError: it cannot be written.
        """
        try:
            with atomic_write(self.checkpoint) as beside:
                fabric.save(beside, state)
        except RuntimeError as error:  # what torch makes of a full disk
            raise OSError(f"{self.checkpoint}: cannot be written ({error})") from None


def read_config(path: Path) -> dict[str, Any]:
    """Return a run's configuration.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        config = yaml.safe_load((path / CONFIG).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise RunError(f"{path}: no run there ({error}).") from None
    if not isinstance(config, dict):
        raise RunError(f"{path / CONFIG}: damaged: name a new folder for the run.")
    return config


class Metrics:
    """Rows of numbers, appended to ``metrics.csv`` and to TensorBoard.

    Rows wait until `flush`, so a loss can stay on the device while later steps are under way.

    Args:
        run: the run folder.
        n_steps_done: rows up to this step stay; later ones, of steps that no checkpoint holds,
            are cut off, so a resumed run has each step once.
        scores: further columns.
    """

    def __init__(self, run: RunFolder, n_steps_done: int, scores: Sequence[str] = ()) -> None:
        self._path = run.path / METRICS
        rows = [row for row in _read_rows(self._path) if int(row["step"]) <= n_steps_done]
        self._file = self._path.open("w", newline="")
        self._writer = csv.DictWriter(self._file, [*COLUMNS, *scores])
        self._writer.writeheader()
        self._writer.writerows(rows)
        self._board = SummaryWriter(str(run.path / "tensorboard"), purge_step=n_steps_done + 1)
        self._waiting: list[Row] = []

    def add(self, row: Row) -> int:
        """Add a row; columns that it does not have stay blank. Return how many wait."""
        self._waiting.append(row)
        return len(self._waiting)

    def flush(self) -> list[dict[str, float]]:
        """Write the waiting rows to the disk and return them."""
        rows = [{name: float(value) for name, value in row.items()} for row in self._waiting]
        self._waiting = []
        for row in rows:
            step = int(row["step"])
            self._writer.writerow(row | {"step": step, "epoch": int(row["epoch"])})
            for name in row.keys() - {"step", "epoch", "seconds"}:
                self._board.add_scalar(name, row[name], step)
        self._file.flush()
        self._board.flush()
        return rows

    def rows(self) -> list[dict[str, str]]:
        """Return all rows that are on the disk, of this run and of those it goes on from."""
        return _read_rows(self._path)

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        self._board.close()


def _read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _difference(there: Mapping[str, Any], here: Mapping[str, Any], prefix: str = "") -> str:
    """Name the first key in which two configurations differ, "" where they are the same."""
    for key in [*here, *(key for key in there if key not in here)]:
        a, b = there.get(key), here.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if difference := _difference(a, b, f"{prefix}{key}."):
                return difference
        elif a != b:
            return f"{prefix}{key} is {a} there and {b} here"
    return ""
