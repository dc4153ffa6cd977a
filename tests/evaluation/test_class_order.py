"""Confused classes stand together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soundalike.evaluation.class_order import order_by_confusion


def test_confused_classes_are_neighbors():
    confusion = 20 * np.eye(6, dtype=np.int64)
    for own, other in ((0, 4), (5, 1), (3, 2)):
        confusion[own, other] = 9
    place = np.argsort(order_by_confusion(confusion))
    assert all(abs(place[own] - place[other]) == 1 for own, other in ((0, 4), (5, 1), (3, 2)))


@given(st.integers(1, 8).flatmap(lambda n: arrays(np.int64, (n, n), elements=st.integers(0, 30))))
def test_every_class_has_one_place(confusion):
    assert sorted(order_by_confusion(confusion)) == list(range(len(confusion)))
