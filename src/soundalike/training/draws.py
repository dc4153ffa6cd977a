"""Randomness as a pure function of (seed, epoch, step).

No random state is carried from step to step, so a resumed run draws the same numbers as an
uninterrupted one, whatever the number of workers.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch

from soundalike.audio.transfer import to_device
from soundalike.views.augmentation import Draws

# Independent random streams of a run; a new use of randomness takes the next number. A key that
# ends with zeros is the same without them.
_ORDER, _STEP, _CHECK, _SWAPS, _CHUNKS = 0, 1, 2, 3, 4


def clip_order(n_clips: int, seed: int, epoch: int, portion: int = 0) -> np.ndarray:
    """Return the order of the clips in an epoch, or in one of its portions: int64 [n_clips]."""
    return np.random.default_rng([_ORDER, seed, epoch, portion]).permutation(n_clips)


def chunk_order(n_chunks: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the chunks of a store in an epoch, int64 [n_chunks]."""
    return np.random.default_rng([_CHUNKS, seed, epoch]).permutation(n_chunks)


def step_generator(seed: int, epoch: int, step: int) -> torch.Generator:
    """Return the generator of one step's draws, on the CPU."""
    return _generator(_STEP, seed, epoch, step)


def check_generator(seed: int) -> torch.Generator:
    """Return the generator of the views by which training is monitored, on the CPU."""
    return _generator(_CHECK, seed)


def batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Divide an epoch's order into batches; the last one may be short, but is never a single clip.

    A single clip has no negatives and no batch statistics, so it is skipped in this epoch.
    """
    starts = range(0, len(order), batch_size)
    all_batches = [order[start : start + batch_size] for start in starts]
    return [batch for batch in all_batches if len(batch) > 1]


def batches_of_distinct_sounds(
    order: np.ndarray, sounds: np.ndarray, batch_size: int, seed: int, epoch: int
) -> list[np.ndarray]:
    """Divide an epoch's order into batches in which no two clips are of the same sound.

    Clips of the same sound are not negatives of each other. Wherever two of them meet in a batch,
    one changes places with a clip of another batch, and all other clips stay where `batches` puts
    them. A sound that has more clips than there are batches is spread evenly over the batches.

    Args:
        order: the clips in the order of the epoch.
        sounds: which sound each clip is of.
        batch_size: most clips of a batch.
        seed: random seed of the run.
        epoch: counted from 0.

    Shape:
        order, sounds: [clips].
    """
    all_batches = batches(order.copy(), batch_size)
    counts = [Counter(sounds[batch].tolist()) for batch in all_batches]
    totals = Counter(sounds[np.concatenate(all_batches)].tolist() if all_batches else [])
    most = {sound: -(-total // len(all_batches)) for sound, total in totals.items()}
    rng = np.random.default_rng([_SWAPS, seed, epoch])

    def place_for(sound: int, here: int) -> tuple[int, int] | None:
        """Return the batch and place of a clip that a clip of a crowded sound can swap with."""
        for there in rng.permutation(len(all_batches)).tolist():
            if counts[there][sound] < most[sound]:
                for place in rng.permutation(len(all_batches[there])).tolist():
                    other = int(sounds[all_batches[there][place]])
                    if counts[here][other] < most[other]:
                        return there, place
        return None

    for here, batch in enumerate(all_batches):
        for place, clip in enumerate(batch.tolist()):
            sound = int(sounds[clip])
            if counts[here][sound] <= most[sound] or not (swap := place_for(sound, here)):
                continue
            there, other_place = swap
            other_clip = int(all_batches[there][other_place])
            batch[place], all_batches[there][other_place] = other_clip, clip
            other = int(sounds[other_clip])
            counts[here].subtract({sound: 1, other: -1})
            counts[there].subtract({sound: -1, other: 1})
    return all_batches


def slice_of(draws: Mapping[str, Draws], part: slice) -> dict[str, Draws]:
    """Return the draws of a part of the batch."""
    return {
        step: {name: tensor[part] for name, tensor in of_step.items()}
        for step, of_step in draws.items()
    }


def draws_on(draws: Mapping[str, Draws], device: torch.device) -> dict[str, Draws]:
    """Return draws on a device, in one copy for each data type.

    Clips and their first frames stay on the CPU, where patches are looked up.

    Args:
        draws: by step of a view and name.
        device: the device.
    """
    if device.type == "cpu":
        return dict(draws)
    moved = {step: dict(of_step) for step, of_step in draws.items()}
    by_type: dict[torch.dtype, list[tuple[str, str]]] = {}
    for step, of_step in draws.items():
        for name in of_step.keys() - {"clip", "start"}:
            by_type.setdefault(of_step[name].dtype, []).append((step, name))
    for places in by_type.values():
        tensors = [draws[step][name] for step, name in places]
        joined = to_device(torch.cat([tensor.flatten() for tensor in tensors]), device)
        parts = joined.split([tensor.numel() for tensor in tensors])
        for (step, name), tensor, part in zip(places, tensors, parts, strict=True):
            moved[step][name] = part.view(tensor.shape)
    return moved


def _generator(*key: int) -> torch.Generator:
    state = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))
