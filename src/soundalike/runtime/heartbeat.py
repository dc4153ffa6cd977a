"""Lines in a log file: at least one every 30 seconds, whatever is at work.

Progress bars, and `working_on` for work that has none, register here while they are at work. In a
command, `heartbeat` writes a line of the innermost of them when none was written for 30 seconds.
"""

import contextlib
import math
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import TextIO

from soundalike.runtime.counts import format_duration

SECONDS_PER_LINE = 25.0  # so that 30 are kept on a machine that is busy
LEAST_WAIT_S = 0.02
Work = Callable[[], None]
"""Writes a line about a piece of work."""


class LogLines:
    """Knows what is at work, and when a line was last written.

    Args:
        clock: returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.works: list[weakref.WeakMethod[Work] | Callable[[], Work]] = []
        self.last_s = clock()

    def enter(self, work: Work) -> None:
        """Register a method that writes a line; its object need not be kept for that."""
        self.works.append(weakref.WeakMethod(work))

    def leave(self, work: Work) -> None:
        """Remove a method, and those of objects that are gone."""
        self.works = [known for known in self.works if known() not in (work, None)]

    def seconds_left(self, since_s: float = -math.inf) -> float:
        """Return the time until a line is due, 0 if it is.

        Args:
            since_s: nothing is due in the first seconds after that time.
        """
        return max(0.0, max(self.last_s, since_s) + SECONDS_PER_LINE - self.clock())

    def write(self, work: Work) -> None:
        """Write the line of a piece of work."""
        self.last_s = self.clock()
        work()

    def beat(self) -> None:
        """Write a line about the innermost work, if one is due."""
        works = [work for known in self.works if (work := known()) is not None]
        if works and not self.seconds_left():
            self.write(works[-1])

    @contextlib.contextmanager
    def at_work(self, name: str, file: TextIO) -> Iterator[None]:
        """Register work that has a name and no bar."""
        start_s = self.clock()

        def work() -> None:
            file.write(f"{name}: {format_duration(round(self.clock() - start_s))} so far\n")
            file.flush()

        self.works.append(lambda: work)
        try:
            yield
        finally:
            self.leave(work)

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[None]:
        """Write no lines: a server waits for its user, which is no work."""

        def nothing() -> None:
            pass

        self.works.append(lambda: nothing)
        try:
            yield
        finally:
            self.leave(nothing)


LINES = LogLines()


@contextlib.contextmanager
def heartbeat(name: str, file: TextIO | None = None) -> Iterator[None]:
    """Write a line about what is at work whenever none was written for 30 seconds.

    On a terminal, nothing is written: bars are there.

    Args:
        name: of all the work, such as a command.
        file: where lines are written; by default, standard error.
    """
    file = file or sys.stderr
    if file.isatty():
        yield
        return
    LINES.last_s = LINES.clock()
    is_done = threading.Event()
    thread = threading.Thread(target=_beat, args=(is_done,), daemon=True)
    with LINES.at_work(name, file):
        thread.start()
        try:
            yield
        finally:
            is_done.set()
            thread.join()


@contextlib.contextmanager
def working_on(name: str, *, is_shown: bool = True, file: TextIO | None = None) -> Iterator[None]:
    """Say on a terminal what is being done that has no progress bar, until it is done.

    In a log file, it is said if it takes long (`heartbeat`).

    Args:
        name: what is being done, such as "write evaluate.html".
        is_shown: If false, nothing is said.
        file: where it is said; by default, standard error.
    """
    file = file or sys.stderr
    if not is_shown:
        yield
        return
    if not file.isatty():
        with LINES.at_work(name, file):
            yield
        return
    file.write(f"{name} ...")
    file.flush()
    try:
        yield
    finally:
        file.write("\r\x1b[K")  # erases the line
        file.flush()


def _beat(is_done: threading.Event) -> None:
    while not is_done.wait(max(LINES.seconds_left(), LEAST_WAIT_S)):
        with contextlib.suppress(OSError, ValueError):  # the file is full, or closed
            LINES.beat()
