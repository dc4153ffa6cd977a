"""The peak of every minute: a level that neither faint recordings nor single loud sounds spoil.

A single gain for a day would make the rest of it inaudible after one gunshot, and one click would
do the same to a minute.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.clicks import FRAME_S, Click, find_click
from soundalike.audio.level import Level

# The peak after normalization, as that of the paper, which is 0.98 to 0.995 in ordinary clips.
PEAK_TARGET = 0.99
# Added to the square of the peak, so that near silence (-70 dB of full scale) is not
# amplified into noise.
FLOOR = 1e-7
# Up to this peak (-84 dB) there is no sound: it is two steps of 16 bits.
SILENCE = 2**-14
STRETCH_S = 60.0


@dataclass(frozen=True)
class Stretch:
    """A minute or so of a recording.

    Args:
        n_samples: its length.
        peak: the largest distance of its samples from their mean, but for those of a click.
        click: a click in it, in frames of `FRAME_S`.
    """

    n_samples: int
    peak: float
    click: Click | None

    @classmethod
    def of(cls, samples: NDArray[np.float32], frame_length: int) -> "Stretch":
        """Measure a stretch.

        Shape:
            samples: [samples], at least one.
        """
        distances = np.abs(samples - samples.mean())
        peaks = np.maximum.reduceat(distances, np.arange(0, len(samples), frame_length))
        click = find_click(peaks)
        return cls(len(samples), click.rest if click else float(peaks.max()), click)


def measure_minute_peak(blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> Level:
    """Return the level that gives every minute of a clip the same peak.

    A click does not count, and is turned down to the peak of the sound around it. A clip of less
    than two minutes has one gain; the last stretch of a longer one has between one and two minutes.
    A silent stretch gets its gains from those around it.

    In ordinary clips of less than two minutes this is peak normalization, but clips at -60 dB of
    full scale become as loud as others, where the paper's floor leaves them 16 dB fainter.

    Shape:
        each block: [samples] at ``sample_rate``.
    """
    n_stretch, frame_length = round(STRETCH_S * sample_rate), math.ceil(FRAME_S * sample_rate)
    total, rest = 0.0, np.empty(0, np.float32)
    stretches: list[Stretch] = []
    for block in blocks:
        total += float(block.sum(dtype=np.float64))
        rest = np.concatenate([rest, block])
        while len(rest) >= 2 * n_stretch:
            stretches.append(Stretch.of(rest[:n_stretch], frame_length))
            rest = rest[n_stretch:]
    stretches.append(Stretch.of(rest, frame_length))

    lengths = np.array([stretch.n_samples for stretch in stretches])
    starts = lengths.cumsum() - lengths
    positions, levels = starts + lengths / 2, np.array([stretch.peak for stretch in stretches])
    is_sound = levels > SILENCE
    if is_sound.any():
        positions, levels = positions[is_sound], levels[is_sound]
    gains = PEAK_TARGET / np.sqrt(levels**2 + FLOOR)
    for start, stretch in zip(starts, stretches, strict=True):
        if click := stretch.click:
            # A ramp of one frame on either side.
            frames = np.array([click.start - 1, click.start, click.end, click.end + 1])
            reduction = np.array([1, click.around / click.peak, click.around / click.peak, 1])
            corners = (start + frames * frame_length).astype(float)
            positions, gains = _product(positions, gains, corners, reduction)
    return Level(total / int(lengths.sum()), tuple(gains.tolist()), tuple(positions.tolist()))


def _product(
    positions: NDArray[np.float64],
    gains: NDArray[np.float64],
    other_positions: NDArray[np.float64],
    other_gains: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Multiply gains that move linearly in dB between their positions."""
    points = np.unique(np.concatenate([positions, other_positions]))
    log_gains = np.interp(points, positions, np.log(gains))
    log_gains += np.interp(points, other_positions, np.log(other_gains))
    return points, np.exp(log_gains)
