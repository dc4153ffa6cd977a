"""Log-mel values at mean zero and deviation one, as encoders take them."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Standardization:
    """Subtract one mean from all log-mel values and divide them by one standard deviation.

    Args:
        mean: of the log-mel values of the training set.
        std: their standard deviation.

    Raises:
        ValueError: ``std`` is not above 0, or a number is not finite.

    >>> Standardization(mean=-4.0, std=2.0)(-1.0)
    1.5
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not (self.std > 0 and math.isfinite(self.std) and math.isfinite(self.mean)):
            raise ValueError(f"a finite mean and a std above 0 are needed, got {self}")

    def __call__(self, values: Any) -> Any:
        """Standardize an array or a tensor, of any shape."""
        return (values - self.mean) / self.std
