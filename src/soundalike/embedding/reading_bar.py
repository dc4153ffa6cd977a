"""The progress of reading clips one after the other, in clips or in hours of audio."""

import numpy as np
from numpy.typing import NDArray

from soundalike.runtime.forecast import Forecast
from soundalike.runtime.progress import progress_bar


class ReadingBar:
    """Shows how many clips are done, or how many hours of them, and says how long all take.

    Args:
        name: title of the progress bar.
        amounts: how much each clip counts: 1, or its length in hours.
        n_before: how much an earlier run has done, in the same unit.
        unit: of the amounts.
        is_shown: If false, nothing is shown.

    Shape:
        amounts: [clips], integers, or floats, which are shown with three digits.
    """

    def __init__(
        self,
        name: str,
        amounts: NDArray[np.int64] | NDArray[np.float64],
        *,
        n_before: float = 0,
        unit: str = "clips",
        is_shown: bool = True,
    ) -> None:
        self._n_at = [n_before, *(n_before + np.cumsum(amounts)).tolist()]
        self._has_fractions = amounts.dtype.kind == "f"
        self._bar = progress_bar(
            name=name,
            unit=unit,
            total=self._n_at[-1],
            initial=n_before,
            is_shown=is_shown,
            unit_scale=self._has_fractions,
        )
        self._forecast = Forecast(self._bar, name)

    def report(self, n_done: int, amount: float = 0) -> None:
        """Show how much is done, and say once how long all of it takes.

        Args:
            n_done: number of clips that are complete.
            amount: how much of the next clip is done; one that counts 1 counts when it is complete.
        """
        n = min(self._n_at[n_done] + amount, self._n_at[-1])
        n = n if self._has_fractions else int(n)
        n_new = max(0, n - self._bar.n)
        self._bar.update(n_new)
        self._forecast.add(n_new, self._n_at[-1] - self._bar.n)

    @property
    def n(self) -> float:
        """How much is done, with what an earlier run has done."""
        n: float = self._bar.n
        return n

    def close(self) -> None:
        """End the progress bar."""
        self._bar.close()
