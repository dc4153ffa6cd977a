"""Many processes over many clips: in order, with bounded memory, and stopped by one Ctrl-C.

A product of matrices depends, in its last bits, on the number of threads that share it. Every
process works on one thread, also where there is one process only: the processes are the
parallelism, and the results are the same however many there are.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import threadpoolctl

from soundalike.runtime.interrupt import StopSignal

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerError(Exception):
    """A worker process died: one plain line that says what to try."""

    exit_code = 1


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int | None = None
) -> Iterator[Result]:
    """Apply a function to every item and yield the results in the order of the items.

    Args:
        function: a top-level function (it is sent to other processes).
        items: what to apply it to; only a few are taken ahead of the results.
        n_workers: processes; by default one for every available processor. One works here.

    Raises:
        WorkerError: the system killed a worker, most often for memory.
        KeyboardInterrupt: Ctrl-C or SIGTERM came; the processes have ended.
    """
    n_workers = n_workers or n_processors()
    if n_workers == 1:
        with threadpoolctl.threadpool_limits(1):
            yield from map(function, items)
        return
    # A KeyboardInterrupt that breaks in anywhere can be lost while processes start, or leave a pool
    # that never ends: the signal is noted, and raised where that is safe.
    with StopSignal() as stop:
        pool = ProcessPoolExecutor(n_workers, initializer=_prepare_worker)
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 4 * n_workers:
                    yield _result(waiting.popleft(), stop)
            while waiting:
                yield _result(waiting.popleft(), stop)
        except BrokenProcessPool:
            raise WorkerError(
                "a worker process was killed by the system, most often for want of memory: "
                "run the same command again with fewer --workers."
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if stop.is_set:  # after the last result
        raise KeyboardInterrupt


def _result(future: Future[Result], stop: StopSignal) -> Result:
    """Wait for a result, or for a signal to stop."""
    while not stop.is_set:
        if wait([future], timeout=0.1).done:
            return future.result()
    raise KeyboardInterrupt


def n_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and winds the pool up
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which is how it does that
    threadpoolctl.threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave nothing running, and nothing written any more, when the parent was killed."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
