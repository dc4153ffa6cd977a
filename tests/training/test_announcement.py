"""The lines before a pre-training."""

import dataclasses

from soundalike.training.announcement import announcement
from soundalike.training.knn_monitor import KNNMonitor


def test_what_is_said_with_and_without_labels(store):
    n_clips = len(store.clips)
    knn = KNNMonitor(max_clips=4)
    first, labels, health, closing = announcement(store, knn, store, True, 3)
    assert first.startswith(f"trains on {n_clips} clips, ")
    assert labels == f"kNN monitor: 4 of {n_clips} labeled clips, which select the epoch"
    assert health == "health checks: always the same views of 3 clips, no labels"
    assert closing.startswith("after the last step")
    lines = list(announcement(store, KNNMonitor(), None, False, 3))
    assert (
        "kNN monitor: off, it needs labels: at least two classes with two recordings each" in lines
    )


def test_silent_clips_are_counted(store):
    audio = store.audio.copy()
    audio[:2] = b""
    lines = list(
        announcement(dataclasses.replace(store, audio=audio), KNNMonitor(), None, False, 3)
    )
    assert lines[1].startswith("silent in the band of the front end: 2 of the training clips")
