"""The kNN monitor, against its definition in loops over real patches."""

from collections import Counter

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from soundalike.audio.windows import Windows
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
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


def clip_vectors_in_loops(store, n_patches):
    """Return the mean direction of up to so many evenly spaced patches of each clip."""
    vectors = []
    for clip in range(len(store.clips)):
        log_mel = torch.from_numpy(store.of_clip(clip))
        starts = Windows(101, 50, 101).starts(len(log_mel))
        if len(starts) > n_patches:
            starts = [starts[int((i + 0.5) * len(starts) / n_patches)] for i in range(n_patches)]
        directions = [project(log_mel[start : start + 101][None])[0] for start in starts]
        vectors.append(np.mean([z / z.norm() for z in directions], axis=0))
    return np.array(vectors)


def score_by_sklearn(vectors, labels, k):
    """Return the balanced accuracy of scikit-learn's nearest neighbors, leaving one clip out."""
    classifier = KNeighborsClassifier(k, metric="cosine")
    predicted = cross_val_predict(classifier, vectors, labels, cv=LeaveOneOut())
    return balanced_accuracy_score(labels, predicted)


@pytest.fixture(scope="module")
def with_ambiences(tmp_path_factory):
    """Short noises of three neighboring colors, and ten long ambiences of a fourth kind."""
    rng, root = np.random.default_rng(0), tmp_path_factory.mktemp("ambiences")
    classes = {"low": (0.90, 15), "middle": (0.80, 15), "high": (0.70, 15), "ambience": (0.84, 10)}
    for label, (pole, n_clips) in classes.items():
        (root / label).mkdir()
        for number in range(n_clips):
            n_samples = 22050 * (20 if label == "ambience" else 1)
            noise = rng.standard_normal(n_samples).astype(np.float32)
            color = pole + rng.normal(0, 0.04)
            wave = scipy.signal.lfilter([1], [1, -color], noise)
            soundfile.write(root / label / f"{number}.wav", 0.1 * wave, 22050)
    return prepare(read_source(root), root / "store", n_workers=1, progress=False)


@pytest.mark.parametrize(("max_patches", "n_patches"), [(600, 10), (55, 1)])
@pytest.mark.parametrize("k", [None, 3])
def test_equals_leave_one_out_of_scikit_learn(with_ambiences, k, max_patches, n_patches):
    monitor = KNNMonitor(k=k, max_patches=max_patches)
    score = monitor.score(with_ambiences, 101, project, "cpu")
    labels = with_ambiences.clips.rows["label"]
    vectors = clip_vectors_in_loops(with_ambiences, n_patches)
    assert score == pytest.approx(score_by_sklearn(vectors, labels, k or 5))
    assert monitor.n_patches(with_ambiences, 101) <= max_patches


def test_long_clips_have_one_vote_each(with_ambiences):
    """By patches, the ten ambiences have nine tenths of the neighbors and win nearly every vote."""
    by_clip, by_patch = (
        KNNMonitor(vote).score(with_ambiences, 101, project, "cpu") for vote in ("clip", "patch")
    )
    assert by_clip > by_patch + 0.1


@pytest.mark.parametrize("k", [1, 5, 200])
def test_equals_the_definition(store, k):
    score = KNNMonitor("patch", k=k).score(store, 101, project, "cpu")
    assert score == pytest.approx(score_in_loops(store, k))


def test_by_default_k_is_the_average_number_of_patches_of_a_class(store):
    n_patches = sum(len(Windows(101, 50, 101).starts(n)) for n in store.n_frames)
    score = KNNMonitor("patch").score(store, 101, project, "cpu")
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
    starts = KNNMonitor().starts(some, 50)
    z, clips = knn_monitor._project_patches(some, starts, 50, project_on_device, "meta")
    expected, _ = knn_monitor._project_patches(some, starts, 50, lambda x: x.mean(dim=1), "cpu")
    assert devices == {"meta"}
    assert z.shape == expected.shape
    assert (z.device.type, clips.device.type) == ("meta", "meta")
    frames = knn_monitor._frames_on(some, torch.device("meta"))
    assert frames.values.shape == (some.n_frames.sum(), 96)
