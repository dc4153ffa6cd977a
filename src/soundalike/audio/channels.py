"""Mix the channels of a recording to one."""

import functools
import logging
import os

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

# Independent channels have 1 by this measure, equal ones their number, and opposite ones 0.
CANCELLATION = 0.01
# -70 dB: below it, there is too little to judge by.
SMALLEST_ENERGY = 1e-7


class Mixer:
    """Mixes the channels of one recording: their mean, or the loudest if they cancel each other.

    Channels of opposite polarity, as from a wrongly wired microphone, would become silence. The
    first block that is not silent decides for the whole recording.

    Args:
        path: the recording, for the log.
        is_logged: If true, a warning is logged where channels cancel each other.

    Attributes:
        channel: the one that is used if they do; None otherwise.
    """

    def __init__(self, path: str | os.PathLike[str], *, is_logged: bool = True) -> None:
        self.path, self._is_logged = path, is_logged
        self.channel: int | None = None
        self._is_decided = False

    def __call__(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix a block.

        Shape:
            block: [samples, channels]; result: [samples].
        """
        n_channels = block.shape[1]
        if n_channels == 1:
            return block[:, 0]
        if self.channel is None or self.channel >= n_channels:
            # Many times faster than block.mean(axis=1).
            mono = block @ np.full(n_channels, 1 / n_channels, np.float32)
            if self._is_decided or not len(block):
                return mono
            with np.errstate(all="ignore"):
                self._decide(block, mono)
            if self.channel is None:
                return mono
        return np.ascontiguousarray(block[:, self.channel])

    def _decide(self, block: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
        n_samples, n_channels = block.shape
        means = np.full(n_samples, 1 / n_samples, np.float32) @ block
        energy = float(np.vdot(block, block)) / n_samples - float(means @ means)
        mixed = float(mono @ mono) / n_samples - float(mono.mean()) ** 2
        if not energy > SMALLEST_ENERGY * n_channels:
            return
        self._is_decided = True
        if mixed * n_channels**2 < CANCELLATION * energy:
            self.channel = int(block.var(axis=0).argmax())
            if self._is_logged:
                _warn(os.fspath(self.path), self.channel + 1)


@functools.lru_cache(maxsize=4096)
def _warn(path: str, number: int) -> None:
    """Log once for every file: some are read several times."""
    logger.warning("%s: its channels cancel each other: only channel %d is used", path, number)
