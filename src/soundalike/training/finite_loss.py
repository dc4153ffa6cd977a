"""A training whose loss is NaN or infinite stops."""

import math
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


class TrainingError(Exception):
    """Training cannot continue; the message is one plain line that says what to try."""

    exit_code = 1


def refuse_non_finite(run: Path, row: Mapping[str, float | Tensor]) -> None:
    """Raise an error if the loss of a step is not finite.

    Args:
        run: the run folder.
        row: the metrics of the step: `loss`, `step` and `epoch`.

    Raises:
        TrainingError: the loss is NaN or infinite.
    """
    if not math.isfinite(row["loss"]):
        raise TrainingError(
            f"{run}: the loss is {float(row['loss'])} at step {int(row['step'])} "
            f"(epoch {int(row['epoch'])}): try a lower optimizer.lr, a higher loss.temperature "
            "or training.precision 32-true; `soundalike scan` finds damaged sounds."
        )
