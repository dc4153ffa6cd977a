"""Describe the draws of augmentations in words, in the units of sound: seconds, Hz and dB.

Times are counted from the start of the patch. Draws are those of one view, as plain numbers.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from soundalike.audio.log_mel import LogMel
from soundalike.report.frequency_axis import band_at, frequency_at, in_hertz
from soundalike.views.augmentation import Draws

Numbers = Mapping[str, Any]
REFERENCE_HZ = 1000.0  # where an interval in bands is stated
FILLS = {
    "minimum": "filled with the lowest level of the patch",
    "mean": "filled with the mean level of the patch",
    "zero": "filled with 0 dB",
    "noise": "filled with noise",
}


@dataclass(frozen=True)
class Axes:
    """What the frames and bands of a patch are in seconds and Hz.

    Args:
        front_end: the front end.
        n_frames: frames of a patch.
    """

    front_end: LogMel
    n_frames: int

    @property
    def duration_s(self) -> float:
        """Seconds from the center of the first frame to that of the last."""
        return (self.n_frames - 1) * self.front_end.hop_s

    def time_span(self, first: int, n_frames: int) -> str:
        """Describe a stretch of time."""
        start_s, length_s = first * self.front_end.hop_s, n_frames * self.front_end.hop_s
        return f"{start_s:.2f}-{min(start_s + length_s, self.duration_s):.2f} s"

    def frequency_span(self, first: int, n_bands: int) -> str:
        """Describe a stretch of frequencies, from the lower to the upper limit of its bands."""
        limits = (first - 0.5, first + n_bands - 0.5)
        low, high = (in_hertz(frequency_at(self.front_end, limit)) for limit in limits)
        number, unit = low.split()
        return f"{number if high.endswith(f' {unit}') else low}-{high}"

    def interval(self, n_bands: float) -> tuple[float, float]:
        """Return a frequency near `REFERENCE_HZ`, and that of so many bands above, in Hz."""
        band = band_at(self.front_end, REFERENCE_HZ)
        band = max(0.0, min(band, self.front_end.n_mels - 1 - n_bands))
        return frequency_at(self.front_end, band), frequency_at(self.front_end, band + n_bands)


def draws_in_words(name: str, draws: Draws, settings: Numbers, axes: Axes) -> str:
    """Describe the draws of one view.

    Args:
        name: of the augmentation, a key of `soundalike.views.AUGMENTATIONS`.
        draws: its draws.
        settings: its section of the recipe.
        axes: of the patch.

    Shape:
        every draw: [] or [n].

    >>> import torch
    >>> draws = {"shift": torch.tensor(12)}
    >>> draws_in_words("time_shift", draws, {}, Axes(LogMel(), n_frames=101))
    '0.12 s later; the end wraps around to the start'
    """
    numbers = {key: value.tolist() for key, value in draws.items() if key != "seed"}
    return WORDS.get(name, _any)(numbers, settings, axes)


def _time_shift(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    if not (shift := draws["shift"] % axes.n_frames):
        return "not shifted"
    return f"{shift * axes.front_end.hop_s:.2f} s later; the end wraps around to the start"


def _frequency_shift(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    n_bands = axes.front_end.n_mels
    if not (shift := draws["shift"] % n_bands):
        return "not shifted"
    low, high = axes.interval(shift)
    semitones = 12 * math.log2(high / low)
    top = frequency_at(axes.front_end, n_bands - shift - 0.5)
    return (
        f"up: {in_hertz(low)} becomes {in_hertz(high)} ({semitones:.1f} semitones); "
        f"above {in_hertz(top)} wraps around to the bottom"
    )


def _resized_crop(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    n_frames, n_bands = draws["n_frames"], draws["n_bands"]
    if (n_frames, n_bands) == (axes.n_frames, axes.front_end.n_mels):
        return "the whole patch"
    time_span = axes.time_span(draws["first_frame"], n_frames)
    frequency_span = axes.frequency_span(draws["first_band"], n_bands)
    return f"{time_span}, {frequency_span}, stretched to the whole picture"


def _reversal(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    return "reversed in time" if draws["reversed"] else "not reversed"


def _compression(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    return f"10 dB becomes {10 * draws['factor']:.1f} dB"


def _spec_augment(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    phrases = []
    if settings["warp_frames"] and draws["warp_from"] != draws["warp_to"]:
        hop_s = axes.front_end.hop_s
        before, after = draws["warp_from"] * hop_s, draws["warp_to"] * hop_s
        phrases.append(f"{before:.2f} s moved to {after:.2f} s")
    bands = zip(draws["first_band"], draws["n_bands"], strict=True)
    frames = zip(draws["first_frame"], draws["n_frames"], strict=True)
    masks = [axes.frequency_span(first, n) for first, n in bands if n]
    masks += [axes.time_span(first, n) for first, n in frames if n]
    if masks:
        phrases.append(f"masked {', '.join(masks)} ({FILLS[settings['fill']]})")
    return "; ".join(phrases) or "nothing masked"


def _noise(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    return f"levels changed at random by about {10 * draws['std']:.2g} dB"


def _blur(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    if not (sigma := draws["sigma"]):
        return "not blurred"
    low, high = axes.interval(sigma)
    width_ms = 1000 * sigma * axes.front_end.hop_s
    return f"by about {width_ms:.2g} ms and, at {in_hertz(low)}, {high - low:.2g} Hz"


def _any(draws: Numbers, settings: Numbers, axes: Axes) -> str:
    """Describe the draws of an augmentation that has no words here."""
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in draws.items())


WORDS: dict[str, Callable[[Numbers, Numbers, Axes], str]] = {
    "time_shift": _time_shift,
    "frequency_shift": _frequency_shift,
    "resized_crop": _resized_crop,
    "reversal": _reversal,
    "compression": _compression,
    "spec_augment": _spec_augment,
    "noise": _noise,
    "blur": _blur,
}
"""By augmentation; any other is described by the names of its draws."""
