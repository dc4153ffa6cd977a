"""Randomness as a pure function of (seed, epoch, step).

Nothing random is carried from step to step, so a resumed run draws what the uninterrupted one
would have drawn, whatever the number of workers.
"""

import numpy as np
import torch

_ORDER, _DRAWS = 0, 1  # the streams of a run; a new use of chance takes the next number


def clip_order(n_clips: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which an epoch goes through the clips, int64 [n_clips]."""
    return np.random.default_rng([_ORDER, seed, epoch]).permutation(n_clips)


def step_generator(seed: int, epoch: int, step: int) -> torch.Generator:
    """Return the generator of one step's draws (on the CPU)."""
    state = np.random.SeedSequence([_DRAWS, seed, epoch, step]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))


def batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut an epoch's order into batches; the last one may be short, but never a single clip.

    A single clip has no negatives and no batch statistics, so it is left to another epoch.
    """
    cut = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return [batch for batch in cut if len(batch) > 1]
