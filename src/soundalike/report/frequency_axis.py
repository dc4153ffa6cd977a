"""Axis labels at round frequencies for a picture of a log-mel."""

import numpy as np

from soundalike.audio.log_mel import LogMel, mel_filterbank

MIN_DISTANCE = 0.12  # between two labels, as a share of the height


def frequency_labels(front_end: LogMel) -> dict[str, float]:
    """Return labels, and how far up a picture of all bands each belongs, from 0 to 1.

    >>> {name: round(place, 2) for name, place in frequency_labels(LogMel()).items()}
    {'10 kHz': 0.99, '5 kHz': 0.78, '2 kHz': 0.5, '1 kHz': 0.29, '500 Hz': 0.14, '100 Hz': 0.01}
    """
    filterbank = mel_filterbank(
        front_end.sample_rate, front_end.n_fft, front_end.n_mels, front_end.fmin, front_end.fmax
    )
    (bands,) = np.nonzero(filterbank.any(axis=0))  # a narrow band may lie between two bins
    centers = filterbank[:, bands].argmax(axis=0) * front_end.sample_rate / front_end.n_fft
    places: dict[str, float] = {}
    for frequency in (step * 10**power for power in (5, 4, 3, 2, 1) for step in (5, 2, 1)):
        if not len(centers) or not centers[0] <= frequency <= centers[-1]:
            continue
        place = (float(np.interp(frequency, centers, bands)) + 0.5) / front_end.n_mels
        if place <= min(places.values(), default=2) - MIN_DISTANCE:
            name = f"{frequency // 1000} kHz" if frequency >= 1000 else f"{frequency} Hz"
            places[name] = place
    return places
