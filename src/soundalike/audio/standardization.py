"""Log-mel values at mean zero and deviation one, as encoders take them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Standardization:
    """Subtract one mean from all log-mel values and divide them by one standard deviation.

    Args:
        mean: of the log-mel values of the training set.
        std: their standard deviation.

    >>> Standardization(mean=-4.0, std=2.0)(-1.0)
    1.5
    """

    mean: float
    std: float

    def __call__(self, values: Any) -> Any:
        """Standardize an array or a tensor, of any shape."""
        return (values - self.mean) / self.std
