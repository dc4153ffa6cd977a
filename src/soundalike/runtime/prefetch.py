"""Compute the next items in a thread while the current one is used."""

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item], n_ahead: int = 2) -> Iterator[Item]:
    """Yield the items in order, while a thread computes the next ones.

    If an item raises an error, the error is raised in place of the item. The thread ends once the
    consumer stops.

    Args:
        items: the items, computed one after another in the thread.
        n_ahead: maximum number of computed items that wait to be used.

    >>> list(prefetch(x * x for x in range(4)))
    [0, 1, 4, 9]
    """
    results: queue.Queue[Future[Item] | None] = queue.Queue(n_ahead)
    is_wanted = True

    def compute() -> None:
        try:
            for item in items:
                results.put(_future_of(item))
                if not is_wanted:
                    return
            results.put(None)
        except BaseException as error:
            results.put(_failed_future(error))

    thread = threading.Thread(target=compute, daemon=True)
    thread.start()
    try:
        while (future := results.get()) is not None:
            yield future.result()
    finally:
        is_wanted = False
        while thread.is_alive():  # it may be waiting for room in the queue
            with contextlib.suppress(queue.Empty):
                results.get(timeout=0.05)


def _future_of(item: Item) -> Future[Item]:
    future: Future[Item] = Future()
    future.set_result(item)
    return future


def _failed_future(error: BaseException) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
