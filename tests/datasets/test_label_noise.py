"""Label noise: its share, its clips, and its classes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip, ClipTable, SourceError
from soundalike.datasets.label_noise import KINDS, noisy_labels, with_label_noise
from soundalike.datasets.verified import VERIFIED

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


def test_no_label_counts_as_verified(clean):
    rows = clean.clips.rows.assign(**{VERIFIED: True})
    verified = replace(clean, clips=ClipTable("mine", rows))
    assert not with_label_noise(verified, 0.4, seed=0).clips.labels().is_verified.any()


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


NOISY = np.arange(600) // 2 % 6
TRAIN = np.arange(0, 600, 2)


def test_by_confusion_every_class_is_mistaken_for_one_other():
    noisy = noisy_labels(NOISY, 6, TRAIN, 0.4, seed=0, kind="confusion")
    wrong = noisy != NOISY
    assert wrong.sum() == round(0.4 * 300)
    assert not wrong[1::2].any()
    pairs = set(zip(NOISY[wrong].tolist(), noisy[wrong].tolist(), strict=True))
    assert sorted(truth for truth, _ in pairs) == sorted({label for _, label in pairs})
    assert len(pairs) == len({truth for truth, _ in pairs})
    other = noisy_labels(NOISY, 6, TRAIN, 0.4, seed=1, kind="confusion")
    assert pairs != set(zip(NOISY[other != NOISY], other[other != NOISY], strict=True))


@pytest.mark.parametrize("share", [0, 0.2, 0.8, 1])
def test_out_of_vocabulary_clips_replace_others_under_their_labels(share):
    noisy = noisy_labels(NOISY, 6, TRAIN, share, seed=0, kind="out_of_vocabulary")
    none = noisy_labels(NOISY, 6, TRAIN, 0, seed=0, kind="out_of_vocabulary")
    classes = np.unique(none[none >= 0])
    n_train = np.bincount(none[TRAIN][none[TRAIN] >= 0])
    assert 2 <= len(classes) <= 3, "half of the classes are left out"
    assert np.bincount(noisy[TRAIN][noisy[TRAIN] >= 0]).tolist() == n_train.tolist()
    is_strange = ~np.isin(NOISY, classes)
    assert ((noisy >= 0) & is_strange).sum() == round(share * n_train.sum())
    assert (noisy[is_strange] >= 0)[np.flatnonzero(is_strange) % 2 == 1].sum() == 0
    correct = (noisy >= 0) & ~is_strange
    assert (noisy[correct] == NOISY[correct]).all()
    assert (noisy[1::2] == none[1::2]).all(), "only training clips are replaced"


@settings(max_examples=50)
@given(
    classes=st.lists(st.integers(0, 4), min_size=30, max_size=60),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
    kind=st.sampled_from(KINDS),
)
def test_the_share_of_wrong_labels_is_exact_for_any_labels(classes, share, seed, kind):
    truth = np.array([*range(5), *classes])
    try:
        noisy = noisy_labels(truth, 5, np.arange(len(truth)), share, seed, kind)
    except SourceError:
        assert kind == "out_of_vocabulary"
        return
    labeled = noisy >= 0
    wrong = labeled & (noisy != truth)
    assert wrong.sum() == round(share * labeled.sum())
    assert labeled.all() or kind == "out_of_vocabulary"


def test_classes_that_are_left_out_have_labels_nowhere(clean):
    noisy = with_label_noise(clean, 0.5, 0, "out_of_vocabulary").clips
    rows = noisy.rows
    assert len(noisy.classes) == 2
    assert set(rows["label"]) == {*noisy.classes, ""}
    of_train = rows[(rows["split"] == "train") & (rows["label"] != "")]
    assert len(of_train) == 200
    assert (of_train["label"] != of_train["true_label"]).mean() == 0.5
    of_test = rows[(rows["split"] == "test") & (rows["label"] != "")]
    assert (of_test["label"] == of_test["true_label"]).all()
    assert len(of_test) == 10


@pytest.mark.parametrize(
    ("labels", "message"),
    [(np.arange(10) % 2, "takes at least three"), (np.arange(12) // 10, "takes at least three")],
)
def test_two_classes_are_too_few_to_leave_one_out(labels, message):
    with pytest.raises(SourceError, match=message):
        noisy_labels(labels, 2, np.arange(len(labels)), 0.5, 0, "out_of_vocabulary")


def test_too_few_clips_of_other_classes_are_an_error(make_store):
    clips = [Clip(str(number), "a", "train") for number in range(20)]
    clips += [Clip(f"b{number}", "b", "train") for number in range(20)] + [Clip("c", "c", "train")]
    with pytest.raises(SourceError, match="cannot replace"):
        with_label_noise(make_store(clips), 1, 0, "out_of_vocabulary")


def test_an_unknown_kind_is_refused(clean):
    with pytest.raises(ValueError, match="give one of symmetric, confusion, out_of_vocabulary"):
        with_label_noise(clean, 0.5, 0, "asymmetric")
