"""Where the windows of a clip start, and what happens at its ends. Lengths are in frames."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """The windows of a clip: equal lengths, equal distances.

    A clip shorter than `n_frames` has one window, the whole clip. A clip shorter than `min_frames`
    is repeated up to `min_frames` first.

    Args:
        n_frames: length of a window.
        hop_frames: from the start of one window to that of the next.
        min_frames: length of the shortest window.
        align_last: If true, a window that ends with the clip is added where the others leave a
            remainder, so every frame is in a window as long as `hop_frames` is at most `n_frames`.
            If false, the remainder is dropped.

    Raises:
        ValueError: a length is below 1, or `min_frames` exceeds `n_frames`.

    >>> Windows(n_frames=100, hop_frames=50, min_frames=10).starts(210)
    array([  0,  50, 100])
    >>> Windows(n_frames=100, hop_frames=50, min_frames=10, align_last=True).starts(210)
    array([  0,  50, 100, 110])
    """

    n_frames: int
    hop_frames: int
    min_frames: int
    align_last: bool = False

    def __post_init__(self) -> None:
        if min(self.n_frames, self.hop_frames, self.min_frames) < 1:
            raise ValueError(
                "windows need n_frames, hop_frames and min_frames of at least 1, got "
                f"{self.n_frames}, {self.hop_frames} and {self.min_frames}."
            )
        if self.min_frames > self.n_frames:
            raise ValueError(
                f"a window has at least the {self.min_frames} frames of a patch, got "
                f"{self.n_frames}."
            )

    @classmethod
    def half_overlapping(
        cls, n_frames: int, min_frames: int | None = None, *, align_last: bool = False
    ) -> "Windows":
        """Return windows that start half a window apart; `min_frames` defaults to `n_frames`."""
        return cls(n_frames, max(1, n_frames // 2), min_frames or n_frames, align_last)

    def resized(
        self, frame_s: float, window_s: float | None = None, hop_s: float | None = None
    ) -> "Windows":
        """Return windows of another length or distance; `min_frames` and `align_last` stay.

        Args:
            frame_s: from one frame to the next, in seconds.
            window_s: length of a window in seconds; by default as it is.
            hop_s: from the start of one window to that of the next, in seconds; by default half a
                window if `window_s` is set, and else as it is.

        Raises:
            ValueError: a window would be shorter than `min_frames`, or sound between two windows
                would be left out.
        """
        n_frames, hop_frames = self.n_frames, self.hop_frames
        if window_s is not None:
            n_frames = n_frames_in(window_s, frame_s)
            hop_frames = max(1, n_frames // 2)
        if hop_s is not None:
            hop_frames = max(1, round(hop_s / frame_s))
        if n_frames < self.min_frames:
            shortest_s = (self.min_frames - 1) * frame_s
            raise ValueError(
                f"window_s must be at least {shortest_s:.2f}, the patches that the model was "
                f"trained on; got {window_s:g}."
            )
        if hop_frames > n_frames:
            raise ValueError(
                f"hop_s must be at most the {(n_frames - 1) * frame_s:.2f} s of a window, or sound "
                f"between windows would be left out; got {hop_s:g}."
            )
        return dataclasses.replace(self, n_frames=n_frames, hop_frames=hop_frames)

    def in_words(self, frame_s: float) -> str:
        """Describe the windows.

        >>> Windows(n_frames=1001, hop_frames=500, min_frames=101).in_words(0.01)
        'windows of 10 s every 5 s (a shorter clip is one window)'
        """
        length_s, hop_s = (self.n_frames - 1) * frame_s, self.hop_frames * frame_s
        return f"windows of {length_s:.3g} s every {hop_s:.3g} s (a shorter clip is one window)"

    @property
    def n_frames_of_several(self) -> int:
        """Length of the shortest clip with more than one window."""
        return self.n_frames + (1 if self.align_last else self.hop_frames)

    def length(self, clip_frames: Integers | int) -> Integers:
        """Return the length of the windows of clips of some length, elementwise."""
        return np.clip(clip_frames, self.min_frames, self.n_frames)

    def starts(self, clip_frames: int) -> Integers:
        """Return the first frame of each window of a clip, in increasing order.

        Shape:
            result: [windows], at least one.
        """
        last = max(0, clip_frames - self.n_frames)
        starts = np.arange(0, last + 1, self.hop_frames, dtype=np.int64)
        if self.align_last and starts[-1] < last:
            starts = np.append(starts, last)
        return starts

    def cut(
        self, blocks: Iterable[NDArray[np.float32]]
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Cut the windows of a clip that arrives in blocks, as if it had arrived whole.

        Between blocks, at most one window of frames stays in memory.

        Args:
            blocks: log_mel of the clip in consecutive blocks; a clip without blocks has no window.

        Yields:
            The first frame of each window in the clip, and the window.

        Shape:
            each block: [frames, bands]; each window: [frames, bands].
        """
        tail, first, start = None, 0, 0  # the latest frames, the first of them, the next window
        for block in self.repeat_short(blocks):
            tail = block if tail is None else np.concatenate([tail, block])
            end = first + len(tail)
            while start + self.n_frames <= end:
                yield start, tail[start - first :][: self.n_frames]
                start += self.hop_frames
            n_unused = max(0, min(start, end - self.n_frames) - first)
            tail, first = tail[n_unused:], first + n_unused
        if tail is None:
            return
        last = first + len(tail) - self.n_frames
        if last < 0:
            yield 0, tail
        elif self.align_last and start - self.hop_frames < last:
            yield last, tail

    def repeat_short(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Pass the blocks of a clip on; a clip shorter than `min_frames` is repeated up to it."""
        blocks = iter(blocks)
        beginning: list[NDArray[np.float32]] = []
        for block in blocks:
            beginning.append(block)
            if sum(map(len, beginning)) >= self.min_frames:
                yield from itertools.chain(beginning, blocks)
                return
        if beginning:
            clip = np.concatenate(beginning)
            yield np.pad(clip, ((0, self.min_frames - len(clip)), (0, 0)), mode="wrap")


def n_frames_in(seconds: float, frame_s: float) -> int:
    """Return the number of frames of a window: `frame_s` from each to the next, both ends count.

    >>> n_frames_in(10, 0.01)
    1001
    """
    return 1 + round(seconds / frame_s)
