"""Training and test clips never share a clip or audio."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.splits import (
    N_FOLDS,
    evaluation_splits,
    training_clips,
    with_splits,
)


def labeled(n_clips: int, labels="ab", **more) -> list[Clip]:
    """Return clips with alternating labels."""
    return [Clip(str(i), labels[i % len(labels)], **more) for i in range(n_clips)]


def check(splits, n_tested):
    """Check that no clip is in two parts of a split, and that each clip is tested once."""
    for split in splits:
        for one, other in combinations((split.train, split.validation, split.test), 2):
            assert not set(one) & set(other)
    tested = np.concatenate([split.test for split in splits])
    assert len(tested) == len(set(tested)) == n_tested


def test_named_splits_make_one_split_of_the_labeled_clips(make_store):
    clips = [
        Clip("0", "a", "train"), Clip("1", "", "train"), Clip("2", "a", "validation"),
        Clip("3", "b", "test"), Clip("4", "", "test"), Clip("5", "b", "train"), Clip("6", "b", ""),
    ]  # fmt: skip
    (split,) = evaluation_splits(make_store(clips))
    assert split.name == "test"
    assert split.train.tolist() == [0, 5]
    assert split.validation.tolist() == [2]
    assert split.test.tolist() == [3]


def test_named_splits_take_precedence_over_folds(make_store):
    clips = [Clip("0", "a", "train", "1"), Clip("1", "a", "test", "2")]
    (split,) = evaluation_splits(make_store(clips))
    assert (split.train.tolist(), split.test.tolist()) == ([0], [1])


@pytest.mark.parametrize(("present", "missing"), [("train", "test"), ("test", "train")])
def test_a_split_without_labeled_clips_is_named(make_store, present, missing):
    clips = [Clip("0", "a", present), Clip("1", "", missing)]
    with pytest.raises(SourceError, match=f"made: its split '{missing}' has no labeled clip"):
        evaluation_splits(make_store(clips))


def test_each_fold_makes_a_split(make_store):
    clips = [Clip(str(i), "a" if i != 4 else "", fold=str(i % 3 + 1)) for i in range(9)]
    clips.append(Clip("9", "a"))  # in no fold
    splits = evaluation_splits(make_store(clips))
    assert [split.name for split in splits] == ["fold 1", "fold 2", "fold 3"]
    check(splits, n_tested=8)
    assert splits[1].test.tolist() == [1, 7], "clip 4 has no label"
    assert splits[1].train.tolist() == [0, 2, 3, 5, 6, 8], "clip 9 has no fold"


def test_one_fold_is_too_few_for_cross_validation(make_store):
    with pytest.raises(SourceError, match="at least two folds"):
        evaluation_splits(make_store(labeled(4, fold="1")))
    with pytest.raises(SourceError, match="at least two folds"):
        evaluation_splits(make_store([Clip("0", "a")]))


def test_without_labels_evaluation_is_refused(make_store):
    with pytest.raises(SourceError, match=r"no clip has a label.*folder of its own") as error:
        evaluation_splits(make_store([Clip("0", split="train"), Clip("1", split="test")]))
    assert "\n" not in str(error.value)


def test_without_splits_and_folds_five_stratified_folds_are_made(make_store):
    clips = [*labeled(52), *(Clip(f"u{i}") for i in range(3))]
    splits = evaluation_splits(make_store(clips))
    assert [split.name for split in splits] == [f"fold {i}" for i in range(1, N_FOLDS + 1)]
    check(splits, n_tested=52)
    for split in splits:
        labels = [clips[i].label for i in split.test]
        assert {labels.count("a"), labels.count("b")} <= {5, 6}
        assert len(split.train) + len(split.test) == 52, "unlabeled clips take no part"
        assert not len(split.validation)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=8, max_size=40))
def test_identical_audio_stays_together_whatever_its_label(make_store, rows):
    store = make_store(
        [Clip(str(i), label) for i, (label, _) in enumerate(rows)], [a for _, a in rows]
    )
    try:
        splits = evaluation_splits(store)
    except SourceError:
        assert len({audio for _, audio in rows}) <= 3, "every class may have a single sound"
        return
    check(splits, n_tested=len(rows))
    for split in splits:
        assert not {rows[i][1] for i in split.train} & {rows[i][1] for i in split.test}


def test_generated_folds_are_reproducible_and_shuffled(make_store):
    first, second = (evaluation_splits(make_store(labeled(40))) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one.test == other.test).all()
        assert not (np.diff(one.test) == np.diff(one.test)[0]).all(), "not every fifth clip"


def test_training_clips_exclude_validation_and_test(make_store):
    clips = [
        Clip(str(i), "a", split) for i, split in enumerate(["train", "validation", "test", ""])
    ]
    assert training_clips(make_store(clips).clips).tolist() == [0]


def test_without_splits_only_the_held_out_fold_is_excluded_from_training(make_store):
    store = make_store(
        [Clip("0", fold="1"), Clip("1", fold="2"), Clip("2"), Clip("3", "a", fold="2")]
    )
    assert training_clips(store.clips).tolist() == [0, 1, 2, 3]
    assert training_clips(store.clips, "2").tolist() == [0, 2]


def test_the_held_out_fold_is_also_excluded_from_the_split_train(make_store):
    clips = [Clip("0", "", "train", "1"), Clip("1", "", "train", "2"), Clip("2", "", "test", "1")]
    assert training_clips(make_store(clips).clips, "2").tolist() == [0]


def test_an_unknown_fold_lists_the_known_ones(make_store):
    with pytest.raises(SourceError, match=r"no fold '7' \(its folds: 1, 2\)"):
        training_clips(make_store([Clip("0", fold="1"), Clip("1", fold="2")]).clips, "7")
    with pytest.raises(SourceError, match=r"no fold '7' \(its folds: none\)"):
        training_clips(make_store([Clip("0")]).clips, "7")


def test_no_training_clips_is_an_error(make_store):
    with pytest.raises(SourceError, match="no clip to train on in its split 'train'"):
        training_clips(make_store([Clip("0", split="test")]).clips)
    with pytest.raises(SourceError, match="no clip to train on outside fold '1'"):
        training_clips(make_store([Clip("0", fold="1")]).clips, "1")


def test_the_splits_of_a_store_on_disk(store):
    check(evaluation_splits(store), n_tested=24)
    some = dataclasses.replace(store.select(np.arange(0, 24, 2)))
    check(evaluation_splits(some), n_tested=12)


def clean_and_test(n_clean, **more):
    """Return noisy, clean and test clips; most are clean."""
    return [
        *labeled(4, split="train"), *labeled(n_clean, split="validation", **more),
        *labeled(6, split="test"), Clip("?", "", "validation"),
    ]  # fmt: skip


@pytest.mark.parametrize("n_clean", [40, 41, 200])
def test_the_clean_task_trains_on_most_of_validation(make_store, n_clean):
    clips = clean_and_test(n_clean)
    (split,) = evaluation_splits(make_store(clips), "clean", seed=3)
    assert sorted([*split.train, *split.validation]) == list(range(4, 4 + n_clean))
    assert split.test.tolist() == list(range(4 + n_clean, 10 + n_clean))
    for name in "ab":
        n_class = sum(clips[i].label == name for i in range(4, 4 + n_clean))
        n_choosing = sum(clips[i].label == name for i in split.validation)
        assert n_choosing == pytest.approx(0.15 * n_class, abs=0.5)


def test_another_seed_selects_on_other_clips(make_store):
    store = make_store(clean_and_test(100))
    chosen = [evaluation_splits(store, "clean", seed)[0].validation.tolist() for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_the_clean_task_trains_on_every_class_and_selects_on_those_with_several_clips(make_store):
    labels = ["a", "a", "b", "b", "b", "alone"]
    clips = [Clip(str(i), label, "validation") for i, label in enumerate(labels)]
    (split,) = evaluation_splits(make_store([*clips, Clip("t", "a", "test")]), "clean")
    assert {labels[i] for i in split.train} == {"a", "b", "alone"}
    assert sorted(labels[i] for i in split.validation) == ["a", "b"]


def test_identical_audio_is_never_in_both_training_and_selection(make_store):
    clips = clean_and_test(120)
    audio = [i // 3 for i in range(len(clips))]
    (split,) = evaluation_splits(make_store(clips, audio), "clean")
    assert len(split.validation)
    assert not {audio[i] for i in split.train} & {audio[i] for i in split.validation}


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (labeled(9), "its split 'validation' has no labeled clip"),
        (labeled(9, fold="1"), "its split 'validation' has no labeled clip"),
        (labeled(9, split="validation"), "its split 'test' has no labeled clip"),
        (
            [*labeled(2, split="validation"), Clip("t", "a", "test")],
            "one recording per class: the clean task",
        ),
    ],
)
def test_the_clean_task_requires_named_splits(make_store, clips, message):
    with pytest.raises(SourceError, match=message):
        evaluation_splits(make_store(clips), "clean")


def test_an_unknown_task_is_refused(make_store):
    with pytest.raises(ValueError, match="task is 'dirty': give one of noisy, clean"):
        evaluation_splits(make_store(labeled(9)), "dirty")


def test_folds_are_in_numeric_order(make_store):
    splits = evaluation_splits(make_store([Clip(str(i), "a", fold=str(11 - i)) for i in range(10)]))
    assert [split.name for split in splits] == [f"fold {i}" for i in range(2, 12)]


def test_clips_with_several_classes_are_stratified_by_their_first(make_store):
    splits = evaluation_splits(
        make_store([Clip(str(i), "b;a" if i % 2 else "a") for i in range(40)])
    )
    check(splits, n_tested=40)
    for split in splits:
        assert sorted(i % 2 for i in split.test) == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("n_folds", [3, 4])
def test_folds_become_splits_and_each_clip_is_tested_with_one_seed(make_store, n_folds):
    folds = [str(i % n_folds + 1) for i in range(12)]
    store = make_store([Clip(str(i), "ab"[i % 2], fold=fold) for i, fold in enumerate(folds)])
    tested = []
    for seed in range(n_folds):
        split = with_splits(store, seed).clips.rows["split"].to_numpy()
        of = {name: {folds[i] for i in np.flatnonzero(split == name)} for name in set(split)}
        assert of["test"] == {str(seed + 1)}
        assert of["validation"] == {str((seed + 1) % n_folds + 1)}
        assert of["train"] == set(folds) - of["test"] - of["validation"]
        tested += np.flatnonzero(split == "test").tolist()
    assert sorted(tested) == list(range(12))
    again = with_splits(store, n_folds).clips.rows["split"]
    assert again.equals(with_splits(store, 0).clips.rows["split"])


def test_clips_without_label_or_fold_are_training_clips(make_store):
    clips = [*labeled(50), Clip("no label"), Clip("no label either")]
    rows = with_splits(make_store(clips), 1).clips.rows
    assert rows["split"].tolist()[-2:] == ["train", "train"]
    assert rows["split"].value_counts().to_dict() == {"train": 32, "validation": 10, "test": 10}
    clips = [*(Clip(str(i), "a", fold=str(i)) for i in range(3)), Clip("no fold", "a")]
    assert with_splits(make_store(clips), 0).clips.rows["split"].tolist() == [
        "test", "validation", "train", "train",
    ]  # fmt: skip


def test_an_unlabeled_copy_of_a_test_clip_is_not_a_training_clip(make_store):
    clips = [*labeled(50), *(Clip(f"copy of {i}") for i in range(50))]
    store = make_store(clips, [*range(50), *range(50)])
    split = with_splits(store, 0)
    counts = split.clips.rows["split"].value_counts().to_dict()
    assert counts == {"train": 60, "validation": 10, "test": 10}
    assert [split.of_clip(i)[0, 0] for i in range(len(split.clips))] == [
        int(clip.path.split()[-1]) for clip in split.clips
    ], "each has its own frames still"


def test_named_splits_stay(make_store):
    store = make_store([Clip("0", "a", "train", "1"), Clip("1", "a", "test", "2")])
    assert with_splits(store, 1) is store


def test_two_folds_are_too_few_for_three_splits(make_store):
    with pytest.raises(SourceError, match="need at least three folds"):
        with_splits(make_store([Clip("0", "a", fold="1"), Clip("1", "a", fold="2")]), 0)
    with pytest.raises(SourceError, match="no clip has a label"):
        with_splits(make_store([Clip("0"), Clip("1")]), 0)


def test_the_splits_can_be_evaluated(store):
    (split,) = evaluation_splits(with_splits(store, 0))
    assert len(split.train) + len(split.validation) + len(split.test) == 24
    assert min(len(split.train), len(split.validation), len(split.test)) >= 3


def segments(n_recordings=12, n_segments=8, labels="abc", **more) -> list[Clip]:
    """Return the segments of recordings; all of a recording have its label."""
    rng = np.random.default_rng(0)
    return [
        Clip(f"{recording}.wav", label, start_s=float(i), end_s=i + 1.0, **more)
        for recording, label in enumerate(rng.choice(list(labels), n_recordings))
        for i in range(n_segments)
    ]


def recordings_in(store, positions) -> set[str]:
    return set(store.clips.rows["path"].iloc[positions])


def test_segments_of_one_recording_never_train_and_test(make_store):
    store = make_store(segments())
    splits = evaluation_splits(store)
    assert len(splits) == N_FOLDS
    check(splits, n_tested=96)
    for split in splits:
        assert not recordings_in(store, split.train) & recordings_in(store, split.test)


def test_memorizing_recordings_does_not_help(make_store):
    """A classifier that knows every recording by heart is at chance on those that it never met."""
    store = make_store(segments(60))
    labels, recordings = store.clips.labels().values, store.recordings
    is_correct = []
    for split in evaluation_splits(store):
        known = dict(zip(recordings[split.train], labels[split.train], strict=True))
        is_correct += [known.get(recordings[i], 0) == labels[i] for i in split.test]
    assert np.mean(is_correct) == pytest.approx(1 / 3, abs=0.15)


def test_few_recordings_make_fewer_folds(make_store):
    clips = [Clip(f"{i}.wav", "abcde"[i], start_s=float(s)) for i in range(5) for s in range(3)]
    splits = evaluation_splits(make_store(clips))
    assert len(splits) >= 3
    check(splits, n_tested=15)


def test_one_recording_is_too_few_for_cross_validation(make_store):
    with pytest.raises(SourceError, match="at least two folds"):
        evaluation_splits(make_store(segments(1)))


def test_the_clean_task_divides_no_recording(make_store):
    clips = [*segments(30, 4, "ab", split="validation"), *labeled(6, split="test")]
    store = make_store(clips)
    (split,) = evaluation_splits(store, "clean")
    assert len(split.validation)
    assert not recordings_in(store, split.train) & recordings_in(store, split.validation)


def test_an_unlabeled_segment_is_in_the_split_of_its_recording(make_store):
    clips = segments()
    clips[::4] = [dataclasses.replace(clip, label="") for clip in clips[::4]]
    store = with_splits(make_store(clips), 0)
    split_of_recording = store.clips.rows.groupby("path")["split"].nunique()
    assert (split_of_recording == 1).all()
