"""Work that is done while its results are waited for."""

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item], n_ahead: int = 2) -> Iterator[Item]:
    """Yield the items in their order; a thread makes the next ones in the meantime.

    An error of an item is raised where the item would have been. When no more items are asked for,
    the thread ends before the next one.

    Args:
        items: what to take; made in the thread, one after the other.
        n_ahead: how many wait at most.

    >>> list(prefetch(x * x for x in range(4)))
    [0, 1, 4, 9]
    """
    made: queue.Queue[Future[Item] | None] = queue.Queue(n_ahead)
    is_wanted = True

    def make() -> None:
        try:
            for item in items:
                made.put(_done(item))
                if not is_wanted:
                    return
            made.put(None)
        except BaseException as error:
            made.put(_failed(error))

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        while (future := made.get()) is not None:
            yield future.result()
    finally:
        is_wanted = False
        while maker.is_alive():  # it may be waiting for room
            with contextlib.suppress(queue.Empty):
                made.get(timeout=0.05)


def _done(item: Item) -> Future[Item]:
    future: Future[Item] = Future()
    future.set_result(item)
    return future


def _failed(error: BaseException) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
