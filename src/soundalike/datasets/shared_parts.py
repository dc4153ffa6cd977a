"""Compare the waveforms of two clips where they share landmarks. Times are in seconds."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.cross_correlation import match
from soundalike.audio.landmark_index import Candidate
from soundalike.audio.landmarks import HOP_LENGTH, SAMPLE_RATE
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip

FRAME_S = HOP_LENGTH / SAMPLE_RATE
MARGIN_S = 0.1  # how far the best alignment may be from the offset of the landmarks
CONTEXT_S = 2.0  # compared before the first shared landmark and after the last one
# Parts at nearly the same offset with a short gap are one.
SAME_OFFSET_S, SHORT_GAP_S = 0.02, 1.0
IN_MEMORY_S = 60.0  # of a longer clip, only the part that is compared is read


class Recording(NamedTuple):
    """A clip and its duration."""

    clip: Clip
    duration_s: float


class SharedPart(NamedTuple):
    """A part of a clip that another clip holds too; times count from the starts of the clips.

    Args:
        start_s: start of the part.
        end_s: end of the part.
        offset_s: time in the other clip minus time in this one.
        correlation: of the waveforms at 8 kHz.
    """

    start_s: float
    end_s: float
    offset_s: float
    correlation: float

    def swapped(self) -> "SharedPart":
        """Return the same part, seen from the other clip."""
        start_s, end_s = self.start_s + self.offset_s, self.end_s + self.offset_s
        return SharedPart(start_s, end_s, -self.offset_s, self.correlation)


def shared_parts(
    first: Recording, second: Recording, candidates: Iterable[Candidate]
) -> list[SharedPart]:
    """Return the parts of a clip that a second one holds too.

    Args:
        first: the clip.
        second: the one that was looked up in an index.
        candidates: where it shares landmarks with the first.

    Raises:
        AudioError: a file cannot be read any more.
    """
    parts: list[SharedPart] = []
    for candidate in candidates:
        offset_s = -candidate.offset * FRAME_S
        start_s = max(candidate.start * FRAME_S - offset_s - CONTEXT_S, 0.0, -offset_s)
        end_s = min(
            candidate.end * FRAME_S - offset_s + CONTEXT_S,
            first.duration_s,
            second.duration_s - offset_s,
        )
        waveform = read_part(first, start_s, end_s)
        reference_s = start_s + offset_s - MARGIN_S
        reference = read_part(second, reference_s, end_s + offset_s + MARGIN_S)
        if result := match(waveform, reference, SAMPLE_RATE):
            parts.append(
                SharedPart(
                    start_s + result.start / SAMPLE_RATE,
                    start_s + result.end / SAMPLE_RATE,
                    reference_s - start_s + result.lag / SAMPLE_RATE,
                    result.correlation,
                )
            )
    return joined(parts)


def joined(parts: Iterable[SharedPart]) -> list[SharedPart]:
    """Join parts that touch or overlap at nearly the same offset; correlations are averaged."""
    results: list[SharedPart] = []
    for part in sorted(parts):
        for number, earlier in enumerate(results):
            is_same_offset = abs(part.offset_s - earlier.offset_s) <= SAME_OFFSET_S
            if is_same_offset and part.start_s <= earlier.end_s + SHORT_GAP_S:
                lengths_s = [p.end_s - p.start_s for p in (earlier, part)]
                mean = np.average([earlier.correlation, part.correlation], weights=lengths_s)
                end_s = max(earlier.end_s, part.end_s)
                results[number] = earlier._replace(end_s=end_s, correlation=float(mean))
                break
        else:
            results.append(part)
    return results


def read_part(recording: Recording, start_s: float, end_s: float) -> NDArray[np.float32]:
    """Read a part of a clip at `SAMPLE_RATE`, with silence beyond the ends of the clip.

    Shape:
        result: [samples].
    """
    clip, duration_s = recording
    n_samples = round((end_s - start_s) * SAMPLE_RATE)
    n_before = min(max(0, round(-start_s * SAMPLE_RATE)), n_samples)
    first_s = max(0.0, start_s)
    if duration_s <= IN_MEMORY_S:
        part = _whole(clip)[round(first_s * SAMPLE_RATE) :]
    else:
        begin_s = clip.start_s or 0.0
        last_s = begin_s + min(end_s, duration_s)
        part = read_waveform(clip.path, SAMPLE_RATE, begin_s + first_s, last_s)
    part = part[: n_samples - n_before]
    return np.pad(part, (n_before, n_samples - n_before - len(part)))


@lru_cache(maxsize=8)
def _whole(clip: Clip) -> NDArray[np.float32]:
    return read_waveform(clip.path, SAMPLE_RATE, clip.start_s, clip.end_s)
