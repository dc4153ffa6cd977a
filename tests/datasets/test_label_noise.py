"""Label noise: its share, its clips, and its classes."""

import numpy as np
import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.label_noise import with_label_noise

CLASSES = "abcd"


@pytest.fixture(scope="module")
def clean(make_store):
    """Four hundred labeled training clips, and some that must not change."""
    clips = [Clip(str(i), CLASSES[i % 4], "train") for i in range(400)]
    others = [
        Clip(f"{split}{i}", CLASSES[i % 4], split)
        for split in ("validation", "test", "")
        for i in range(20)
    ]
    return make_store([*clips, *others, *(Clip(f"u{i}", "", "train") for i in range(20))])


@pytest.mark.parametrize("share", [0, 0.1, 0.333, 0.8, 1])
def test_the_share_of_wrong_labels_is_exact(clean, share):
    rows = with_label_noise(clean, share, seed=0).clips.rows
    wrong = (rows["label"] != rows["true_label"]).to_numpy()
    assert wrong.sum() == round(share * 400)
    assert not wrong[400:].any()
    assert (rows["true_label"] == clean.clips.rows["label"]).all()
    assert set(rows["label"][:400]) == set(CLASSES)


def test_the_wrong_classes_are_equally_likely(clean):
    counts = np.zeros((4, 4), int)
    for seed in range(20):
        rows = with_label_noise(clean, 0.6, seed).clips.rows[:400]
        for label, truth in zip(rows["label"], rows["true_label"], strict=True):
            counts[CLASSES.index(truth), CLASSES.index(label)] += label != truth
    wrong = counts[~np.eye(4, dtype=bool)]  # 20 x 240 of them in twelve kinds
    assert wrong == pytest.approx(400, abs=5 * np.sqrt(400 * 11 / 12))
    assert (counts.diagonal() == 0).all()


def test_the_seed_chooses_the_wrong_labels(clean):
    labels = [with_label_noise(clean, 0.4, seed).clips.rows["label"] for seed in (0, 0, 1)]
    assert labels[0].equals(labels[1])
    assert not labels[0].equals(labels[2])


def test_clips_and_frames_do_not_change(clean):
    noisy = with_label_noise(clean, 0.4, 0)
    assert [clip.path for clip in noisy.clips] == [clip.path for clip in clean.clips]
    assert noisy.frames is clean.frames
    assert noisy.offsets is clean.offsets
    assert "true_label" not in clean.clips.rows


def test_more_noise_keeps_the_true_labels(clean):
    twice = with_label_noise(with_label_noise(clean, 0.5, 0), 0.5, 1)
    assert (twice.clips.rows["true_label"] == clean.clips.rows["label"]).all()


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ([Clip("0", "a"), Clip("1", "b")], "no labeled clip in a split 'train'"),
        ([Clip("0", "", "train"), Clip("1", "b", "test")], "no labeled clip in a split 'train'"),
        ([Clip("0", "a", "train"), Clip("1", "a", "test")], "no second class"),
        ([Clip("0", "a;b", "train"), Clip("1", "a", "test")], "some have several"),
    ],
)
def test_labels_that_cannot_be_made_wrong_are_an_error(make_store, clips, message):
    with pytest.raises(SourceError, match=message):
        with_label_noise(make_store(clips), 0.5, 0)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(clean, share):
    with pytest.raises(ValueError, match="give a number from 0 to 1"):
        with_label_noise(clean, share, 0)
