"""Who trains and who tests: never the same clip, nor the same audio."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable, SourceError
from soundalike.datasets.splits import N_FOLDS, evaluation_splits, heard_in_training
from soundalike.datasets.store import Store


def made(clips: list[Clip], audio: list[int] | None = None) -> Store:
    """Return a store of the clips; clips with the same number in `audio` sound the same."""
    audio = list(range(len(clips))) if audio is None else audio
    frames = np.repeat(np.array(audio, np.float16)[:, None], 2, axis=0) * np.ones(3, np.float16)
    return Store(
        path=None,
        log_mel=LogMel(),
        clips=ClipTable.of("made", clips),
        frames=frames,
        offsets=np.arange(len(clips)) * 2,
        n_frames=np.full(len(clips), 2),
        fingerprint="",
        n_problems=0,
    )


def labelled(n_clips: int, labels="ab", **more) -> list[Clip]:
    """Return clips whose labels take turns."""
    return [Clip(str(i), labels[i % len(labels)], **more) for i in range(n_clips)]


def check(splits, n_tested):
    """No clip in two parts of a split, and every clip tested once."""
    for split in splits:
        for one, other in combinations((split.train, split.validation, split.test), 2):
            assert not set(one) & set(other)
    tested = np.concatenate([split.test for split in splits])
    assert len(tested) == len(set(tested)) == n_tested


def test_named_splits_make_one_round_of_the_labelled_clips():
    clips = [
        Clip("0", "a", "train"), Clip("1", "", "train"), Clip("2", "a", "validation"),
        Clip("3", "b", "test"), Clip("4", "", "test"), Clip("5", "b", "train"), Clip("6", "b", ""),
    ]  # fmt: skip
    (split,) = evaluation_splits(made(clips))
    assert split.name == "test"
    assert split.train.tolist() == [0, 5]
    assert split.validation.tolist() == [2]
    assert split.test.tolist() == [3]


def test_named_splits_go_before_folds():
    clips = [Clip("0", "a", "train", "1"), Clip("1", "a", "test", "2")]
    (split,) = evaluation_splits(made(clips))
    assert (split.train.tolist(), split.test.tolist()) == ([0], [1])


@pytest.mark.parametrize(("present", "missing"), [("train", "test"), ("test", "train")])
def test_a_split_without_labelled_clips_is_named(present, missing):
    clips = [Clip("0", "a", present), Clip("1", "", missing)]
    with pytest.raises(SourceError, match=f"made: its split '{missing}' has no labelled clip"):
        evaluation_splits(made(clips))


def test_folds_make_a_round_each():
    clips = [Clip(str(i), "a" if i != 4 else "", fold=str(i % 3 + 1)) for i in range(9)]
    clips.append(Clip("9", "a"))  # in no fold
    splits = evaluation_splits(made(clips))
    assert [split.name for split in splits] == ["fold 1", "fold 2", "fold 3"]
    check(splits, n_tested=8)
    assert splits[1].test.tolist() == [1, 7], "clip 4 has no label"
    assert splits[1].train.tolist() == [0, 2, 3, 5, 6, 8], "clip 9 has no fold"


def test_one_fold_cannot_be_crossed():
    with pytest.raises(SourceError, match="at least two folds"):
        evaluation_splits(made(labelled(4, fold="1")))
    with pytest.raises(SourceError, match="at least two folds"):
        evaluation_splits(made([Clip("0", "a")]))


def test_without_labels_nothing_can_be_tested():
    with pytest.raises(SourceError, match=r"no clip has a label.*folder of its own") as error:
        evaluation_splits(made([Clip("0", split="train"), Clip("1", split="test")]))
    assert "\n" not in str(error.value)


def test_without_splits_and_folds_five_stratified_folds_are_made():
    clips = [*labelled(52), *(Clip(f"u{i}") for i in range(3))]
    splits = evaluation_splits(made(clips))
    assert [split.name for split in splits] == [f"fold {i}" for i in range(1, N_FOLDS + 1)]
    check(splits, n_tested=52)
    for split in splits:
        labels = [clips[i].label for i in split.test]
        assert {labels.count("a"), labels.count("b")} <= {5, 6}
        assert len(split.train) + len(split.test) == 52, "unlabelled clips take no part"
        assert not len(split.validation)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=8, max_size=40))
def test_identical_audio_stays_together_whatever_its_label(rows):
    store = made([Clip(str(i), label) for i, (label, _) in enumerate(rows)], [a for _, a in rows])
    try:
        splits = evaluation_splits(store)
    except SourceError:
        assert len({audio for _, audio in rows}) <= 3, "every class may have a single sound"
        return
    check(splits, n_tested=len(rows))
    for split in splits:
        assert not {rows[i][1] for i in split.train} & {rows[i][1] for i in split.test}


def test_made_folds_are_the_same_every_time_and_mix_the_order_of_the_clips():
    first, second = (evaluation_splits(made(labelled(40))) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one.test == other.test).all()
        assert not (np.diff(one.test) == np.diff(one.test)[0]).all(), "not every fifth clip"


def test_training_never_hears_validation_and_test():
    clips = [
        Clip(str(i), "a", split) for i, split in enumerate(["train", "validation", "test", ""])
    ]
    assert heard_in_training(made(clips)).tolist() == [0]


def test_training_hears_everything_where_there_are_no_splits_but_the_fold_held_out():
    store = made([Clip("0", fold="1"), Clip("1", fold="2"), Clip("2"), Clip("3", "a", fold="2")])
    assert heard_in_training(store).tolist() == [0, 1, 2, 3]
    assert heard_in_training(store, "2").tolist() == [0, 2]


def test_the_fold_held_out_leaves_the_split_train_too():
    clips = [Clip("0", "", "train", "1"), Clip("1", "", "train", "2"), Clip("2", "", "test", "1")]
    assert heard_in_training(made(clips), "2").tolist() == [0]


def test_an_unknown_fold_lists_the_known_ones():
    with pytest.raises(SourceError, match=r"no fold '7' \(its folds: 1, 2\)"):
        heard_in_training(made([Clip("0", fold="1"), Clip("1", fold="2")]), "7")
    with pytest.raises(SourceError, match=r"no fold '7' \(its folds: none\)"):
        heard_in_training(made([Clip("0")]), "7")


def test_nothing_left_to_hear():
    with pytest.raises(SourceError, match="its split 'train' has no clip to learn from"):
        heard_in_training(made([Clip("0", split="test")]))
    with pytest.raises(SourceError, match="beside fold '1' it has no clip to learn from"):
        heard_in_training(made([Clip("0", fold="1")]), "1")


def test_the_rounds_of_a_store_on_the_disk(store):
    check(evaluation_splits(store), n_tested=24)
    some = dataclasses.replace(store.select(np.arange(0, 24, 2)))
    check(evaluation_splits(some), n_tested=12)
