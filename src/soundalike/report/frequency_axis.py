"""The vertical axis of a picture of a log-mel: bands in Hz."""

import numpy as np

from soundalike.audio.log_mel import LogMel, band_edges

MIN_DISTANCE = 0.12  # between two labels, as a share of the height


def frequency_labels(front_end: LogMel) -> dict[str, float]:
    """Return labels at round frequencies, and how far up a picture each belongs, from 0 to 1.

    >>> {name: round(place, 2) for name, place in frequency_labels(LogMel()).items()}
    {'10 kHz': 0.99, '5 kHz': 0.78, '2 kHz': 0.5, '1 kHz': 0.29, '500 Hz': 0.14, '100 Hz': 0.01}
    """
    last = front_end.n_mels - 1
    low, high = frequency_at(front_end, 0), frequency_at(front_end, last)
    places: dict[str, float] = {}
    for frequency in (step * 10**power for power in (5, 4, 3, 2, 1) for step in (5, 2, 1)):
        if not low <= frequency <= high:
            continue
        place = (band_at(front_end, frequency) + 0.5) / front_end.n_mels
        if place <= min(places.values(), default=2) - MIN_DISTANCE:
            places[in_hertz(frequency)] = place
    return places


def frequency_at(front_end: LogMel, band: float) -> float:
    """Return the frequency of a position on the axis, in Hz; whole numbers are centers of bands.

    >>> front_end = LogMel()
    >>> [round(frequency_at(front_end, band)) for band in (-1, 0, 95, 96)]
    [50, 83, 10146, 10500]
    """
    edges = band_edges(front_end.n_mels, front_end.fmin, front_end.fmax)
    return float(np.interp(band + 1, np.arange(len(edges)), edges))


def band_at(front_end: LogMel, frequency: float) -> float:
    """Return the position of a frequency on the axis; the inverse of `frequency_at`."""
    edges = band_edges(front_end.n_mels, front_end.fmin, front_end.fmax)
    return float(np.interp(frequency, edges, np.arange(len(edges)))) - 1


def in_hertz(frequency: float) -> str:
    """Write a frequency.

    >>> in_hertz(85.4), in_hertz(1000), in_hertz(10133)
    ('85 Hz', '1 kHz', '10.1 kHz')
    """
    return f"{frequency:.0f} Hz" if frequency < 999.5 else f"{frequency / 1000:.3g} kHz"
