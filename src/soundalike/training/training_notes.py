"""What to know about the training of a model that is evaluated."""

from pathlib import Path

from soundalike.evaluation.diagnosis import WARM_UP_STEPS
from soundalike.runtime.counts import counted
from soundalike.training.metrics import read_rows
from soundalike.training.run_folder import RunFolder


def notes_on_training(run: Path | None) -> list[str]:
    """Return a line if the model was hardly trained.

    Args:
        run: folder of the run, or of a model without a run, of which nothing is known; None for a
            shipped model.
    """
    metrics = RunFolder(run).metrics if run and (run / "config.yaml").exists() else None
    if metrics is None or not metrics.exists():
        return []
    n_steps = len(read_rows(metrics))
    if n_steps >= WARM_UP_STEPS:
        return []
    return [
        f"the model was trained for {counted(n_steps, 'step')}: far too short to learn anything"
    ]
