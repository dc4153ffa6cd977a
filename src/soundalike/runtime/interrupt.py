"""Ctrl-C and the cluster's SIGTERM end long work after the step that is under way."""

import signal
import threading
from types import FrameType, TracebackType


class StopSignal:
    """A context in which a signal sets a flag instead of breaking off; a second one breaks off.

    Outside the main thread, where signals do not arrive, it is never set.
    """

    def __init__(self) -> None:
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
