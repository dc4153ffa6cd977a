"""Run a function on several ranks: processes of this machine that are connected by gloo."""

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable
from typing import Any

from programs import LATE_IMPORTS

PATIENCE_S = 120


def on_ranks(n_ranks: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return what a function of a test module returns on each rank.

    Raises:
        AssertionError: it failed on a rank.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["soundalike.training.construction", *LATE_IMPORTS])
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    results = context.Queue()
    ranks = [
        context.Process(
            target=_run, args=(rank, n_ranks, port, results, function, arguments), daemon=True
        )
        for rank in range(n_ranks)
    ]
    for process in ranks:
        process.start()
    by_rank = dict(results.get(timeout=PATIENCE_S) for _ in ranks)
    for process in ranks:
        process.join(PATIENCE_S)
    failures = [result for result in by_rank.values() if isinstance(result, Failure)]
    assert not failures, failures[0].traceback
    return [by_rank[rank] for rank in range(n_ranks)]


class Failure:
    """What a rank says if it fails."""

    def __init__(self) -> None:
        self.traceback = traceback.format_exc()


def _run(rank, n_ranks, port, results, function, arguments):
    environment = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": n_ranks,
        "LOCAL_WORLD_SIZE": n_ranks,
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": port,
    }
    os.environ.update({name: str(value) for name, value in environment.items()})
    import torch

    from soundalike.runtime.ranks import connected

    torch.set_num_threads(1)
    try:
        with connected():
            results.put((rank, function(*arguments)))
    except BaseException:
        results.put((rank, Failure()))
