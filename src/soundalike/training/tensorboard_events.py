"""The metrics as TensorBoard events, for as long as these can be written."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class TensorBoardEvents:
    """Writes numbers of steps; a disk that is full ends the events, not the training.

    Args:
        folder: of the events.
        first_step: events of this step and of later ones, of an earlier run, are not shown.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None
        threading.excepthook = _without_errors_of_events
        with self._while_possible():
            self._writer = SummaryWriter(str(folder), purge_step=first_step)

    def add(self, step: int, numbers: dict[str, float]) -> None:
        """Add the numbers of a step, by their names."""
        with self._while_possible():
            for name, number in numbers.items():
                if self._writer:
                    self._writer.add_scalar(name, number, step)

    def flush(self) -> None:
        """Write the numbers that were added."""
        with self._while_possible():
            if self._writer:
                self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        with self._while_possible():
            if self._writer:
                self._writer.close()

    @contextmanager
    def _while_possible(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._writer = None
            print(
                f"{self._folder}: no more events for TensorBoard ({error.strerror or error}); "
                "metrics.csv has all numbers",
                file=sys.stderr,
            )


def _without_errors_of_events(error: threading.ExceptHookArgs) -> None:
    """Report the error of a thread, but not that of the thread of a `SummaryWriter`.

    The writer raises it again when it is used the next time.
    """
    is_ours = "tensorboard" in type(error.thread).__module__
    if not (is_ours and isinstance(error.exc_value, OSError)):
        threading.__excepthook__(error)
