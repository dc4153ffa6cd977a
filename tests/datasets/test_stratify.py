"""Ranks within classes; identical audio shares a rank."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip
from soundalike.datasets.stratify import stratified_ranks

labels_and_audio = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=30
)


@given(labels_and_audio, st.integers(0, 5))
def test_the_groups_of_a_class_are_ranked(make_store, clips, seed):
    store = make_store(
        [Clip(str(i), label) for i, (label, _) in enumerate(clips)], [a for _, a in clips]
    )
    ranks, n_groups = stratified_ranks(store, np.arange(len(clips)), seed)
    class_of_group = {}
    for label, audio in clips:
        class_of_group.setdefault(audio, label)
    ranks_of_class = defaultdict(dict)
    for (_, audio), rank, n in zip(clips, ranks, n_groups, strict=True):
        ranks_of_class[class_of_group[audio]].setdefault(audio, rank)
        assert ranks_of_class[class_of_group[audio]][audio] == rank, "copies share a rank"
        assert n == list(class_of_group.values()).count(class_of_group[audio])
    for of_class in ranks_of_class.values():
        assert sorted(of_class.values()) == list(range(len(of_class)))


def test_only_the_chosen_clips_are_ranked(make_store):
    store = make_store([Clip(str(i), "a") for i in range(10)])
    ranks, n_groups = stratified_ranks(store, np.array([7, 2, 5]), 0)
    assert sorted(ranks) == [0, 1, 2]
    assert set(n_groups) == {3}


def test_the_seed_sets_the_ranks(make_store):
    store = make_store([Clip(str(i), "a") for i in range(20)])
    ranks = [stratified_ranks(store, np.arange(20), seed)[0].tolist() for seed in (1, 1, 2)]
    assert ranks[0] == ranks[1] != ranks[2]
    assert ranks[0] != list(range(20))


def test_silent_clips_are_groups_of_their_own(make_store):
    store = make_store([Clip(str(i), "a") for i in range(4)], [-1, -1, -1, 0])
    assert sorted(stratified_ranks(store, np.arange(4), 0)[0]) == [0, 1, 2, 3]


def test_segments_of_a_recording_share_a_rank(make_store):
    clips = [Clip(str(i // 3), "ab"[i % 2], start_s=float(i)) for i in range(30)]
    ranks, n_groups = stratified_ranks(make_store(clips), np.arange(30), 0)
    assert (ranks == ranks[np.arange(30) // 3 * 3]).all()
    assert set(n_groups) == {5}


def test_copies_that_an_unselected_clip_links_share_a_rank(make_store):
    clips = [Clip("x", "a"), Clip("x", "", start_s=1.0), Clip("y", "a"), Clip("z", "a")]
    ranks, _ = stratified_ranks(make_store(clips, [0, 1, 1, 2]), np.array([0, 2, 3]), 0)
    assert ranks[0] == ranks[1] != ranks[2]
