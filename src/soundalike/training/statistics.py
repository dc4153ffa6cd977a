"""Mean and standard deviation of the pre-training set, which are part of the model ever after."""

import numpy as np

from soundalike.datasets.store import Store


def log_mel_statistics(store: Store) -> tuple[float, float]:
    """Return mean and standard deviation over every log-mel value of a store's clips.

    One number each for all bands (Fonseca et al. 2021). Summed in float64, clip by clip, so memory
    stays bounded; the deviation is the square root of the mean square, about the mean.
    """
    total = squares = 0.0
    for index in range(len(store.clips)):
        values = store.of_clip(index).astype(np.float64)
        total += values.sum()
        squares += np.square(values).sum()
    n_values = int(store.n_frames.sum()) * store.frames.shape[1]
    mean = total / n_values
    return float(mean), float(np.sqrt(max(squares / n_values - mean**2, 1e-12)))
