"""The progress of embedding the clips of a store by one network after the other."""

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.store import Store
from soundalike.runtime.forecast import Forecast
from soundalike.runtime.progress import Bar


class EmbeddingBar:
    """Moves a progress bar, and says how long all networks take.

    A network takes as long as its clips have frames, and clips from a cache take no time.

    Args:
        bar: the progress bar, in clips.
        store: log-mels of the clips.
        n_networks: how many embed all of them.
    """

    def __init__(self, bar: Bar, store: Store, n_networks: int) -> None:
        self.bar = bar
        self.n_frames = store.n_frames.astype(float)
        self.left = n_networks * float(self.n_frames.sum())
        self.forecast = Forecast(bar, "embed")

    def count_quick(self, clips: NDArray[np.int64], is_new: bool) -> None:
        """Count clips that took next to nothing: their positions, [clips]."""
        self.bar.update(len(clips))

    def count(self, clips: NDArray[np.int64], is_new: bool) -> None:
        """Count clips that a network has embedded, now or, if they are not new, earlier.

        Shape:
            clips: positions, [clips].
        """
        self.bar.update(len(clips))
        n_frames = float(self.n_frames[clips].sum())
        self.left -= n_frames
        if is_new:
            self.forecast.add(n_frames, self.left)
