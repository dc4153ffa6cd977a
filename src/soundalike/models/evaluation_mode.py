"""Evaluation mode for a while: every layer gets back the mode that it had."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

_lock = threading.Lock()
_in_use: dict[nn.Module, tuple[int, bool]] = {}  # threads, and the mode before, by layer


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode within the context.

    A layer returns to its mode when the last thread leaves the context of a module that has it.
    """
    layers = list(module.modules())
    with _lock:
        for layer in layers:
            n_threads, mode = _in_use.get(layer, (0, layer.training))
            _in_use[layer] = n_threads + 1, mode
        module.eval()
    try:
        yield
    finally:
        with _lock:
            for layer in layers:
                n_threads, mode = _in_use.pop(layer)
                if n_threads > 1:
                    _in_use[layer] = n_threads - 1, mode
                else:
                    layer.training = mode
