"""Start a command on several ranks of this machine, by torch's launcher (torchrun)."""

import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from soundalike.runtime.counts import counted
from soundalike.runtime.limits import LimitError, n_processors


def launch(n_ranks: int, words: Sequence[str]) -> int:
    """Run a command of this program in one process per rank, and wait for all of them.

    Only the first rank prints. If one ends with an error, the others are stopped. Signals are
    passed on to all.

    Args:
        n_ranks: number of ranks.
        words: the words of the command line, without the name of the program.

    Raises:
        LimitError: there are fewer GPUs.

    Returns:
        The exit code of the first rank that failed; 0 if none did, 1 after a signal.
    """
    import torch
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    from soundalike.runtime.hardware import best_device

    if best_device().type == "cuda" and n_ranks > torch.cuda.device_count():
        gpus = counted(torch.cuda.device_count(), "GPU")
        raise LimitError(f"--devices {n_ranks}: this machine has {gpus}; choose as many or fewer.")
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # we report instead
    # Without it, torch's launcher gives each rank a single thread.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, n_processors() // n_ranks)))
    with tempfile.TemporaryDirectory() as folder:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=n_ranks,
            run_id="soundalike",
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(
                folder, redirects=dict.fromkeys(range(1, n_ranks), Std.ALL)
            ),
        )
        try:
            elastic_launch(config, sys.executable)("-m", "soundalike", *words)
        except SignalException:
            return 1
        except ChildFailedError as error:
            number, failure = min(error.failures.items(), key=lambda item: item[1].timestamp)
            return _report(number, failure.exitcode, Path(folder))
    return 0


def _report(number: int, exit_code: int, folder: Path) -> int:
    """Say how a rank ended, unless it is the first, which has printed that itself."""
    if number or exit_code < 0:
        how = f"was killed by signal {-exit_code}" if exit_code < 0 else "failed"
        errors = [path.read_text() for path in folder.rglob(f"{number}/stderr.log")]
        lines = [line for line in "".join(errors).splitlines() if line.strip()]
        print(
            f"rank {number} {how}, so all were stopped: run the same command again to resume",
            *lines[-1:],
            sep="\n",
            file=sys.stderr,
        )
    return max(exit_code, 1)
