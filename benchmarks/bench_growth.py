"""How the cost of a step grows with the batch, the patch, the bands and the number of clips.

The encoder is ResNet-18. Each size is compared with the usual one: 128 clips per step, patches of
101 frames and 96 bands, 1,000 clips. The arithmetic of a step grows with frames times bands; only
drawing random numbers could grow with the number of clips.
"""

from collections.abc import Iterator

import numpy as np
from bench_training_step import recipe_of, store_of, training_of
from measure import Row, fastest, table

from soundalike.datasets.store import Store
from soundalike.training.contrastive import ContrastiveTraining

ORDINARY = {"batch": 128, "frames": 101, "bands": 96}
SIZES = {"batch": [32, 64, 256, 512], "frames": [51, 201], "bands": [64, 128]}
MANY = [1_000, 100_000, 1_000_000]
N_RUNS = 3


def training(store: Store, batch: int, frames: int) -> ContrastiveTraining:
    recipe = recipe_of("resnet18", batch_size=batch)
    recipe["views"] |= {"patch_frames": frames}
    return training_of(store, recipe)


def step_ms(batch: int, frames: int, bands: int) -> float:
    """Return the milliseconds of a step per clip."""
    training_run = training(
        store_of(max(batch, 128), bands, min_duration_s=0.01 * frames), batch, frames
    )
    (seconds,) = fastest(lambda: training_run.step(0).item(), n_runs=N_RUNS)
    return 1000 * seconds / batch


def draws_ms(n_clips: int) -> float:
    """Return the milliseconds that the views of a step take with this many clips in the store."""
    store = store_of(128)
    again = np.arange(n_clips) % 128
    training_run = training(store.select(again), ORDINARY["batch"], ORDINARY["frames"])
    (seconds,) = fastest(lambda: training_run.make_views(training_run.draws_of(0)), n_runs=10)
    return 1000 * seconds


def rows() -> Iterator[Row]:
    """Yield the cost of every size and that of the usual one."""
    ordinary = step_ms(**ORDINARY)
    usual = ", ".join(f"{number} {name}" for name, number in ORDINARY.items())
    for name, sizes in SIZES.items():
        for size in sizes:
            cost = step_ms(**ORDINARY | {name: size})
            yield Row(f"a step, {name} {size}", cost, "ms a clip", ordinary, usual)
    few = draws_ms(MANY[0])
    for n_clips in MANY[1:]:
        against = f"{MANY[0]:,} clips"
        yield Row(f"views of a step, {n_clips:,} clips", draws_ms(n_clips), "ms", few, against)


if __name__ == "__main__":
    print(table(rows()))
