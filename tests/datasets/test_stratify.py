"""Clips dealt like cards: every class in turn, copies in one card."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip
from soundalike.datasets.stratify import deal

hands = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=30)


@given(hands, st.integers(0, 5))
def test_the_cards_of_a_class_are_numbered(made, hand, seed):
    store = made([Clip(str(i), label) for i, (label, _) in enumerate(hand)], [a for _, a in hand])
    number, of = deal(store, np.arange(len(hand)), seed)
    class_of_card = {}
    for label, audio in hand:
        class_of_card.setdefault(audio, label)
    numbers = defaultdict(dict)
    for (_, audio), n, n_cards in zip(hand, number, of, strict=True):
        numbers[class_of_card[audio]].setdefault(audio, n)
        assert numbers[class_of_card[audio]][audio] == n, "copies share their card"
        assert n_cards == list(class_of_card.values()).count(class_of_card[audio])
    for cards in numbers.values():
        assert sorted(cards.values()) == list(range(len(cards)))


def test_only_the_chosen_clips_are_dealt(made):
    store = made([Clip(str(i), "a") for i in range(10)])
    number, of = deal(store, np.array([7, 2, 5]), 0)
    assert sorted(number) == [0, 1, 2]
    assert set(of) == {3}


def test_the_seed_sets_the_order(made):
    store = made([Clip(str(i), "a") for i in range(20)])
    orders = [deal(store, np.arange(20), seed)[0].tolist() for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(range(20))


def test_silent_clips_are_cards_of_their_own(made):
    store = made([Clip(str(i), "a") for i in range(4)], [-1, -1, -1, 0])
    assert sorted(deal(store, np.arange(4), 0)[0]) == [0, 1, 2, 3]
