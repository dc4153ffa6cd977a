"""Clips are dealt like cards: class by class, in a random order."""

from collections import Counter

import numpy as np

from soundalike.datasets.identical import first_with_hash
from soundalike.datasets.labels import classes_of
from soundalike.datasets.store import Store


def deal(store: Store, clips: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shuffle the cards of each class and number them; who takes which number gets fair shares.

    A card is all the clips with the same audio, so that they stay together whatever their labels.
    It belongs to the class of its first clip, the first one where that has several.

    Args:
        store: holds the clips.
        clips: positions of labeled clips, int64 [clips].
        seed: of the order.

    Returns:
        For each of these clips the number of its card in its class, from 0, and how many cards
        the class has: both int64 [clips].
    """
    card = first_with_hash(store.audio[clips])
    labels = store.clips.rows["label"].to_numpy(object)[clips]
    class_of_card = {first: classes_of(labels[first])[0] for first in card}
    n_cards: Counter[str] = Counter()
    number = {}
    for first in np.random.default_rng(seed).permutation(np.unique(card)):
        number[first] = n_cards[class_of_card[first]]
        n_cards[class_of_card[first]] += 1
    return (
        np.array([number[first] for first in card], dtype=np.int64),
        np.array([n_cards[class_of_card[first]] for first in card], dtype=np.int64),
    )
