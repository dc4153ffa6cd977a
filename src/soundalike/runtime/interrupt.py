"""Finish the current step before Ctrl-C or SIGTERM ends a long-running program."""

import contextlib
import os
import signal
import threading
from types import FrameType, TracebackType

STDERR = 2


class StopSignal:
    """A context in which SIGINT or SIGTERM sets a flag; a second signal raises KeyboardInterrupt.

    Signals arrive only in the main thread; in other threads the flag is never set.

    Args:
        unit: what is completed before the work ends, such as "step"; the first signal says so on
            standard error. By default nothing is said.

    Attributes:
        is_set: if true, a signal has arrived, and the work should end after the current step.
    """

    def __init__(self, unit: str = "") -> None:
        self.unit = unit
        self.is_set = False

    def __enter__(self) -> "StopSignal":
        self._previous = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True
        if self.unit:  # not `print`, which may be at work itself when the signal arrives
            line = f"\nstopping after this {self.unit}; Ctrl-C again stops at once\n"
            with contextlib.suppress(OSError):
                os.write(STDERR, line.encode())
