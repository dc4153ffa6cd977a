"""The ranks of a distributed job: which one this process is, and how they agree.

A launcher such as torchrun starts one process per device and sets RANK, WORLD_SIZE and
LOCAL_WORLD_SIZE. Without them there is one rank, number 0, which waits for nobody.
"""

import contextlib
import datetime
import os
import time
from collections.abc import Iterator, Sequence

# The first rank may prepare sounds or compute neighbors while the others wait for it. A rank that
# ends breaks its connections, so nobody waits for the dead.
LONGEST_WAIT = datetime.timedelta(days=30)
PRECEDENCE_S = 3.0


class RankError(Exception):
    """Another rank of the job has ended; the one-line message says what to do."""

    exit_code = 1


def rank() -> int:
    """Return the number of this rank, from 0."""
    return int(os.environ.get("RANK", 0))


def n_ranks() -> int:
    """Return the number of ranks on all machines."""
    return int(os.environ.get("WORLD_SIZE", 1))


def n_ranks_here() -> int:
    """Return the number of ranks on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", n_ranks()))


def is_first() -> bool:
    """Return whether this is the rank that writes files and messages."""
    return rank() == 0


def let_the_first_fail_first() -> None:
    """Wait a moment before this rank ends with an error, unless it is the first.

    An error of all ranks is then that of the first, which prints it.
    """
    if not is_first():
        time.sleep(PRECEDENCE_S)


def own_share(n: int) -> slice:
    """Return which of n items this rank computes.

    Shares are in the order of the ranks and differ by at most one item; the first is never empty.
    """
    first, end = (-(-number * n // n_ranks()) for number in (rank(), rank() + 1))
    return slice(first, end)


@contextlib.contextmanager
def connected() -> Iterator[None]:
    """Connect this rank to the others; ranks other than the first print nothing in this context.

    Raises:
        RankError: another rank ended while this one waited for it.
    """
    if n_ranks() == 1:
        yield
        return
    import torch
    from torch import distributed

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    try:
        with _silent_unless_first():
            yield
    except RuntimeError as error:
        if not _is_lost_connection(error):
            raise
        raise RankError(
            f"rank {rank()}: another rank has ended: run the same command again to resume."
        ) from None
    finally:
        distributed.destroy_process_group()


@contextlib.contextmanager
def first_before_others() -> Iterator[None]:
    """Run a block on the first rank, and then on the others, which find what it has written."""
    if not is_first():
        wait_for_all()
    yield
    if is_first():
        wait_for_all()


def wait_for_all() -> None:
    """Wait until every rank has come here."""
    highest([0.0])


def highest(values: Sequence[float]) -> list[float]:
    """Return the highest of all ranks' values, elementwise.

    What the first rank decides for all is a value of 0 on the others.
    """
    if n_ranks() == 1:
        return list(values)
    import torch
    from torch import distributed

    numbers = torch.tensor(values, dtype=torch.float64)
    distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
    return numbers.tolist()


@contextlib.contextmanager
def _silent_unless_first() -> Iterator[None]:
    if is_first():
        yield
        return
    with (
        open(os.devnull, "w") as nothing,
        contextlib.redirect_stdout(nothing),
        contextlib.redirect_stderr(nothing),
    ):
        yield


def _is_lost_connection(error: RuntimeError) -> bool:
    words = str(error)
    return any(sign in words for sign in ("Connection closed", "Connection reset", "NCCL", "gloo"))
