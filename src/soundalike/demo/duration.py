"""How long the demo will take on this machine."""

import time

from soundalike.datasets.synthetic import SIZES, synthesize_clip
from soundalike.runtime.limits import n_processors

N_TIMED = 10  # clips that are synthesized to find out how fast the machine is
# Time of everything but training, as a multiple of the time that those clips would take if every
# clip of the set took as long: measured on an AMD EPYC with two cores and AVX2.
ALL_BUT_TRAINING = 2.0


def demo_seconds(size: str, training_seconds: float) -> float:
    """Estimate the seconds of the demo from the time of synthesizing a few clips.

    Args:
        size: of the data set, a key of `SIZES`.
        training_seconds: time for pre-training.
    """
    start = time.perf_counter()
    for index in range(N_TIMED):
        synthesize_clip(size, "test", index)
    seconds_per_clip = (time.perf_counter() - start) / N_TIMED
    n_clips = sum(SIZES[size].values())
    return training_seconds + ALL_BUT_TRAINING * n_clips * seconds_per_clip / n_processors()
