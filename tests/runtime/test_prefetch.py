"""Prefetching: order, errors and threads."""

import itertools
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.runtime.prefetch import prefetch


def threads():
    return {thread for thread in threading.enumerate() if thread.is_alive()}


@given(st.lists(st.integers()), st.integers(1, 5))
def test_items_keep_their_order(items, n_ahead):
    assert list(prefetch(iter(items), n_ahead)) == items


def test_items_are_made_while_others_are_used():
    computed = []

    def make():
        for number in range(10):
            computed.append(number)
            yield number

    items = prefetch(make(), n_ahead=2)
    assert next(items) == 0
    deadline = time.monotonic() + 300
    while len(computed) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert computed == [0, 1, 2, 3]  # one is used, two wait, one waits for room
    items.close()


def test_items_are_made_in_another_thread():
    (maker,) = prefetch(threading.current_thread() for _ in range(1))
    assert maker is not threading.current_thread()


def test_an_error_is_raised_in_place_of_its_item():
    def make():
        yield 1
        raise ValueError("the second is broken")

    items = prefetch(make())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(items)


def test_stopping_early_ends_the_thread():
    before = threads()
    for number in prefetch(itertools.count()):
        if number == 5:
            break
    del number
    items = prefetch(itertools.count(), n_ahead=1)
    next(items)
    items.close()
    deadline = time.monotonic() + 300
    while threads() - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not threads() - before


def test_nothing_is_computed_before_the_first_request():
    computed = []
    prefetch(computed.append(1) for _ in range(3))
    assert not computed
