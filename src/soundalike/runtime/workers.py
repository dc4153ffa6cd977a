"""Apply a function in many processes: in order, in bounded memory, and ended by one Ctrl-C.

The last bits of a matrix product depend on the number of threads that compute it. So every process
uses one thread, even a single process: results are the same for any number of processes.
"""

import gc
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
from soundalike.runtime.limits import n_processors

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerError(Exception):
    """A worker process died; the one-line message says what to try."""

    exit_code = 1


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int | None = None
) -> Iterator[Result]:
    """Apply a function to every item; yield the results in the order of the items.

    Args:
        function: a top-level function, or a `functools.partial` of one (it is pickled).
        items: its arguments; only a few are taken ahead of the results.
        n_workers: number of processes, by default one for every available processor. If it is 1,
            the function runs in this process.

    Raises:
        WorkerError: the system killed a worker, usually because memory ran out.
        KeyboardInterrupt: Ctrl-C or SIGTERM arrived; the processes have ended.
    """
    n_workers = n_workers or n_processors()
    if n_workers == 1:
        with threadpoolctl.threadpool_limits(1):
            yield from map(function, items)
        return
    # A KeyboardInterrupt at an arbitrary place can get lost while processes start, or leave a pool
    # that never ends. So a signal sets a flag, and the exception is raised where it is safe.
    with StopSignal() as stop:
        pool = ProcessPoolExecutor(n_workers, initializer=_prepare_worker)
        pending: deque[Future[Result]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= 4 * n_workers:
                    yield _result(pending.popleft(), stop)
            while pending:
                yield _result(pending.popleft(), stop)
        except BrokenProcessPool:
            raise WorkerError(
                "the system killed a worker process, usually because memory ran out: "
                "run the same command again with fewer --workers."
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if stop.is_set:  # after the last result
        raise KeyboardInterrupt


def _result(future: Future[Result], stop: StopSignal) -> Result:
    """Wait for a result or a stop signal."""
    while not stop.is_set:
        if wait([future], timeout=0.1).done:
            return future.result()
    raise KeyboardInterrupt


def _prepare_worker() -> None:
    # Garbage of the parent stays: its destructors may wait for threads that a fork does not have.
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends the pool
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which the pool uses to end workers
    threadpoolctl.threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process as soon as the parent has been killed, so that it writes nothing more."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
