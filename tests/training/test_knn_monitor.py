"""The kNN monitor, against its definition in loops over real patches."""

from collections import Counter

import numpy as np
import pytest
import torch

from soundalike.audio.windows import Windows
from soundalike.datasets.clips import ClipTable
from soundalike.training import knn_monitor
from soundalike.training.knn_monitor import KNNMonitor, monitored_clips


def project(patches):
    """Return z of a projector that uses the mean spectrum; any fixed map would do."""
    return torch.nn.functional.normalize(patches.mean(dim=1), dim=1)


def score_in_loops(store, k):
    """Leave one clip out, count votes patch by patch, as the paper says it."""
    classes = sorted(set(store.clips.rows["label"]))
    labels = [classes.index(label) for label in store.clips.rows["label"]]
    patches = []
    for clip in range(len(store.clips)):
        log_mel = store.of_clip(clip)
        for start in Windows(101, 50, 101).starts(len(log_mel)):
            z = project(torch.from_numpy(log_mel[start : start + 101])[None])[0]
            patches.append((clip, z))
    right = {c: [] for c in range(len(classes))}
    for clip in range(len(store.clips)):
        votes = []
        for own, z in patches:
            if own != clip:
                continue
            others = [(float(z @ other_z), labels[o]) for o, other_z in patches if o != clip]
            nearest = sorted(others, key=lambda pair: -pair[0])[:k]
            counts = Counter(label for _, label in nearest)
            votes.append(min(counts, key=lambda c: (-counts[c], c)))
        counts = Counter(votes)
        predicted = min(counts, key=lambda c: (-counts[c], c))
        right[labels[clip]].append(predicted == labels[clip])
    return float(np.mean([np.mean(of_class) for of_class in right.values()]))


@pytest.mark.parametrize("k", [1, 5, 200])
def test_equals_the_definition(store, k):
    score = KNNMonitor(k=k).score(store, 101, project, "cpu")
    assert score == pytest.approx(score_in_loops(store, k))


def test_by_default_k_is_the_average_number_of_patches_of_a_class(store):
    n_patches = sum(len(Windows(101, 50, 101).starts(n)) for n in store.n_frames)
    score = KNNMonitor().score(store, 101, project, "cpu")
    assert score == pytest.approx(score_in_loops(store, n_patches // 3))


def test_separated_classes_score_one(store):
    assert KNNMonitor(k=3).score(store, 101, project, "cpu") == 1.0


def test_a_large_set_is_subsampled_evenly(store):
    subsampled = KNNMonitor(k=1, max_clips=6).score(store, 101, project, "cpu")
    assert subsampled == pytest.approx(
        KNNMonitor(k=1).score(store.select(np.linspace(0, 23, 6).astype(int)), 101, project, "cpu")
    )


def with_rows(store, **columns):
    rows = store.clips.rows.assign(**columns)
    return type(store)(**{**vars(store), "clips": ClipTable("x", rows)})


def test_validation_clips_are_preferred_and_may_select_the_epoch(store):
    split = with_rows(store, split=["train", "validation"] * 12)
    monitored, may_select = monitored_clips(split, split.select(np.arange(0, 24, 2)))
    assert set(monitored.clips.rows["split"]) == {"validation"}
    assert may_select


def test_training_clips_are_monitored_but_may_not_select_the_epoch(store):
    monitored, may_select = monitored_clips(store, store.select(np.arange(20)))
    assert len(monitored.clips) == 20
    assert not may_select


def test_without_labels_there_is_nothing_to_monitor(store):
    assert monitored_clips(*(with_rows(store, label=""),) * 2) == (None, False)
    once = with_rows(store, label=[str(number) for number in range(24)])
    assert monitored_clips(once, once) == (None, False)


def test_several_labels_are_scored_by_average_precision(store):
    """Every clip of a class is also "sound"; the separated classes still score high."""
    labels = store.clips.rows["label"] + np.where(np.arange(24) % 2, ";odd", "")
    several = with_rows(store, label=labels)
    monitored, _ = monitored_clips(several, several)
    assert len(monitored.clips) == 24
    single = [name for name in several.clips.classes if name != "odd"]
    assert len(single) == 3
    assert 0.75 < KNNMonitor(k=3).score(monitored, 101, project, "cpu") < 1.0


def test_segments_of_one_recording_are_not_neighbors(store):
    """Every clip and its twin are of one recording and say the same; the twins' label is random."""
    twice = store.select(np.repeat(np.arange(24), 2))
    labels = np.random.default_rng(0).choice(["a", "b"], 24).repeat(2)
    segments = with_rows(twice, label=labels, start_s=np.arange(48.0))
    alone = with_rows(store, label=labels[::2])
    expected = KNNMonitor(k=1).score(alone, 101, project, "cpu")
    assert KNNMonitor(k=1).score(segments, 101, project, "cpu") == pytest.approx(expected)


def test_a_class_of_one_recording_cannot_be_monitored(store):
    rows = {"path": ["a.wav"] * 12 + ["b.wav"] * 12, "label": ["a"] * 12 + ["b"] * 12}
    segments = with_rows(store, **rows, start_s=np.arange(24.0))
    assert monitored_clips(segments, segments) == (None, False)


def test_patches_are_cut_on_the_device(store):
    """A tensor on the device "meta" has no numbers, so an operation across devices would fail."""
    devices = set()

    def project_on_device(patches):
        devices.add(patches.device.type)
        return patches.mean(dim=1)

    some = store.select(np.array([5, 2, 20]))
    z, clips = knn_monitor._project_patches(some, 50, project_on_device, "meta")
    expected, _ = knn_monitor._project_patches(some, 50, lambda x: x.mean(dim=1), "cpu")
    assert devices == {"meta"}
    assert z.shape == expected.shape
    assert (z.device.type, clips.device.type) == ("meta", "meta")
    frames = knn_monitor._frames_on(some, torch.device("meta"))
    assert frames.values.shape == (some.n_frames.sum(), 96)
