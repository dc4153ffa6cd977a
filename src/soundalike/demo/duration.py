"""How long the demo will take on this machine."""

import time

from soundalike.datasets.synthetic import SIZES, synthesize_clip
from soundalike.runtime.limits import n_processors

N_TIMED = 10  # clips that are synthesized to find out how fast the machine is
# Everything but training takes so many times as long as synthesizing all clips: by the processor
# time of the parts on an AMD EPYC with AVX2, and the share of them that one processor does alone.
ALL_BUT_TRAINING = 2.5


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
