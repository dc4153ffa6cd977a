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
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

import threadpoolctl

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerError(Exception):
    """A worker process died: one plain line that says what to try."""


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
    """
    n_workers = n_workers or n_processors()
    if n_workers == 1:
        with threadpoolctl.threadpool_limits(1):
            yield from map(function, items)
        return
    pool = ProcessPoolExecutor(n_workers, initializer=_prepare_worker)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            with _interrupts_wait():
                waiting.append(pool.submit(function, item))
            if len(waiting) >= 4 * n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise WorkerError(
            "a worker process was killed by the system, most often for want of memory: "
            "run the same command again with fewer --workers."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def n_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back while processes start, when it would be lost or leave a pool that hangs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if came:
        signal.raise_signal(signal.SIGINT)


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and winds the pool up
    threadpoolctl.threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave nothing running, and nothing written any more, when the parent was killed."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
