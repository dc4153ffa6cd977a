"""Evaluation mode for a while: every layer gets back the mode that it had."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

_lock = threading.Lock()
_in_use: dict[int, tuple[int, list[nn.Module]]] = {}  # threads and training layers by module


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode within the context.

    The layers that were in training mode return to it when the last thread leaves the context of
    this module.
    """
    with _lock:
        n_threads, layers = _in_use.get(id(module), (0, []))
        if not n_threads:
            layers = [layer for layer in module.modules() if layer.training]
        _in_use[id(module)] = n_threads + 1, layers
        module.eval()
    try:
        yield
    finally:
        with _lock:
            n_threads, layers = _in_use.pop(id(module))
            if n_threads > 1:
                _in_use[id(module)] = n_threads - 1, layers
            else:
                for layer in layers:
                    layer.training = True
