"""What a pre-training says about its clips and monitors before it starts."""

from collections.abc import Iterator

from soundalike.datasets.store import Store
from soundalike.runtime.counts import counted
from soundalike.training.fit_background import CLOSING_STAGES
from soundalike.training.knn_monitor import KNNMonitor


def announcement(
    training_store: Store,
    knn: KNNMonitor,
    knn_store: Store | None,
    may_select: bool,
    n_health_clips: int,
) -> Iterator[str]:
    """Yield a line on the clips, on each monitor, and on what follows the last step.

    Args:
        training_store: the training clips.
        knn: the kNN monitor.
        knn_store: the clips that it classifies; None without labels.
        may_select: If true, its score selects the epoch of the model.
        n_health_clips: number of clips of the health checks.
    """
    clips = training_store.clips
    yield f"trains on {counted(len(clips), 'clip')}, {training_store.hours:.2f} h, of {clips.name}"
    if n_silent := int((training_store.audio == b"").sum()):
        silent = f"silent in the band of the front end: {n_silent:,}"
        yield f"{silent} of the training clips; soundalike scan names them"
    if knn_store is None:
        yield "kNN monitor: off, it needs labels: at least two classes with two recordings each"
    else:
        purpose = ", which select the epoch" if may_select else ""
        n_clips = min(len(knn_store.clips), knn.max_clips)
        part = "" if n_clips == len(knn_store.clips) else f"{n_clips:,} of "
        yield f"kNN monitor: {part}{counted(len(knn_store.clips), 'labeled clip')}{purpose}"
    yield f"health checks: always the same views of {counted(n_health_clips, 'clip')}, no labels"
    yield CLOSING_STAGES
