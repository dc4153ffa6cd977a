"""A context that several threads may be in at once: the first sets it up, the last undoes it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any


class SharedContext:
    """Enter a context once for all threads.

    Contexts such as a limit on threads restore what they found. If two of them overlap, the second
    finds what the first has set, and restores that.

    Args:
        make: returns the context manager.

    >>> context = SharedContext(contextlib.nullcontext)
    >>> with context(), context():
    ...     pass
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._n_users = 0
        self._context: AbstractContextManager[Any] | None = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Enter the context, unless another thread is in it."""
        with self._lock:
            if not self._n_users:
                self._context = self._make()
                self._context.__enter__()
            self._n_users += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_users -= 1
                if not self._n_users and self._context is not None:
                    self._context.__exit__(None, None, None)
