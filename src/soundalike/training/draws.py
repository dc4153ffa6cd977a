"""Randomness as a pure function of (seed, epoch, step).

Nothing random is carried from step to step, so a resumed run draws what the uninterrupted one
would have drawn, whatever the number of workers.
"""

import numpy as np
import torch

# The streams of a run; a new use of chance takes the next number.
_ORDER, _DRAWS, LOOKS = 0, 1, 2


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


def batches_apart(sounds: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Cut an epoch's order into batches in which clips of one sound do not meet.

    They are no negatives for each other. A sound with more clips than there are batches is spread
    evenly over them.

    Args:
        sounds: which sound each clip is of.
        batch_size: most clips of a batch.
        seed: of the run.
        epoch: counted from 0.

    Shape:
        sounds: [clips].
    """
    rng = np.random.default_rng([_ORDER, seed, epoch])
    turn = rng.permutation(int(sounds.max()) + 1)[sounds]  # sounds in random order,
    order = np.lexsort([rng.random(len(sounds)), turn])  # and each one's clips in random order
    n_batches = -(-len(sounds) // batch_size)
    cut = [order[number::n_batches] for number in rng.permutation(n_batches)]
    return [batch for batch in cut if len(batch) > 1]
