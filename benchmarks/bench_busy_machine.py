"""A step of the recipe `default`: alone, and beside a process that keeps one processor busy.

The command line lets threads that wait for others sleep (`GOMP_SPINCOUNT=0`). The reference is the
default of OpenMP, by which they keep a processor busy for a while. The steps are on noise.
"""

import dataclasses
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from bench_training_step import seconds, training_of
from measure import Row, beside, in_a_process, table

from soundalike.audio.log_mel import LogMel
from soundalike.cli.main import PATIENCE
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.identical import HASH
from soundalike.datasets.store import Store
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING

N_CLIPS, FRAMES_PER_CLIP = 128, 201
N_WARM, N_STEPS = 1, 5
N_ROUNDS = 2  # every case is measured so often, in turn; the best median counts
QUIET, BUSY = 0, 1


def noise_store() -> Store:
    """Return a store of clips that are noise, of two seconds each."""
    rng, total = np.random.default_rng(0), N_CLIPS * FRAMES_PER_CLIP
    front_end = dataclasses.replace(LogMel(), level="minute_peak")
    clips = np.arange(N_CLIPS)
    return Store(
        path=Path("noise"),
        front_end=front_end,
        clips=ClipTable("noise", pd.DataFrame({"path": [f"{clip}.wav" for clip in clips]})),
        frames=rng.normal(size=(total, front_end.n_mels)).astype(np.float16),
        offsets=clips * FRAMES_PER_CLIP,
        n_frames=np.full(N_CLIPS, FRAMES_PER_CLIP),
        audio=clips.astype(HASH),
        fingerprint="noise",
        n_problems=0,
    )


def measure_steps() -> dict[str, float]:
    """Return the median seconds of a step."""
    recipe = read_recipe("default", PRETRAINING, {"training.n_epochs": N_WARM + N_STEPS})
    training = training_of(noise_store(), recipe)
    numbers = range(N_WARM + N_STEPS)
    times = [seconds(lambda number=number: training.step(number).item()) for number in numbers]
    return {"seconds": statistics.median(times[N_WARM:])}


def rows() -> Iterator[Row]:
    """Yield the steps of both, and what a busy process leaves of the rate."""
    cases = [(n_busy, patience) for n_busy in (QUIET, BUSY) for patience in (PATIENCE, {})]
    times: dict[tuple[int, bool], list[float]] = {}
    for n_busy, variables in cases * N_ROUNDS:
        with beside(n_busy):
            result = in_a_process(__file__, "steps", variables=variables)
        times.setdefault((n_busy, bool(variables)), []).append(result["seconds"])
        print(
            f"{n_busy} busy, {variables or 'as usual'}: {result['seconds']:.2f} s", file=sys.stderr
        )
    best = {case: min(of_case) for case, of_case in times.items()}
    for n_busy, where in (QUIET, "alone"), (BUSY, "beside a busy process"):
        yield Row(
            f"a step of `default`, {where}",
            1000 * best[n_busy, True],
            "ms",
            1000 * best[n_busy, False],
            "OpenMP's default",
        )
    for what, is_patient in ("threads sleep", True), ("OpenMP's default", False):
        share = 100 * best[QUIET, is_patient] / best[BUSY, is_patient]
        yield Row(f"of the rate alone, that beside a busy process: {what}", share, "%")


if __name__ == "__main__":
    print(json.dumps(measure_steps()) if len(sys.argv) > 1 else table(rows()))
