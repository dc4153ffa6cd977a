"""Windows that touch become one event, which starts and ends near the sound."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.embedding.event_windows import ClassWindows, Events, merge_windows

HOP_S, LENGTH_S, N_WINDOWS = 1.0, 2.0, 30  # of a recording of 31 s


def windows_of(*places, length_s=LENGTH_S):
    """Return windows: the class, the number of the window in its recording, the probability."""
    classes, numbers, probabilities = np.array(places, float).reshape(-1, 3).T
    start_s = numbers * HOP_S
    is_first, is_last = numbers == 0, numbers == N_WINDOWS - 1
    end_s = start_s + length_s
    return ClassWindows(classes.astype(int), start_s, end_s, probabilities, is_first, is_last)


def merged(*places, **arguments):
    return merge_windows(windows_of(*places, **arguments), HOP_S).rounded()


def test_a_window_stands_for_its_middle():
    assert merged((0, 9, 0.7), (0, 10, 0.9)) == [(0, 9.5, 11.5, 0.9)]
    assert merged((0, 9, 0.7), length_s=1.0) == [(0, 9.0, 10.0, 0.7)], "no overlap: the whole"


def test_the_ends_of_a_recording_belong_to_its_first_and_last_windows():
    assert merged((0, 0, 0.7)) == [(0, 0.0, 1.5, 0.7)]
    assert merged((0, N_WINDOWS - 1, 0.7)) == [(0, 29.5, 31.0, 0.7)]
    whole = ClassWindows(*map(np.array, ([0], [0.0], [0.4], [0.6], [True], [True])))
    assert merge_windows(whole, HOP_S).rounded() == [(0, 0.0, 0.4, 0.6)]


def test_windows_that_touch_are_one_event_and_classes_do_not_mix():
    assert merged((0, 9, 0.7), (0, 11, 0.8)) == [(0, 9.5, 12.5, 0.8)]
    assert merged((0, 9, 0.7), (0, 12, 0.8)) == [(0, 9.5, 10.5, 0.7), (0, 12.5, 13.5, 0.8)]
    both = merged((1, 9, 0.7), (0, 9, 0.6), (1, 10, 0.5))
    assert both == [(0, 9.5, 10.5, 0.6), (1, 9.5, 11.5, 0.7)]
    assert merged() == []


def events_one_by_one(windows):
    """The definition: go through the windows of each class in their order."""
    events = []
    for number in np.unique(windows.classes):
        end_s = -np.inf
        for window in np.argsort(windows.start_s, kind="stable"):
            if windows.classes[window] != number:
                continue
            margin_s = (LENGTH_S - HOP_S) / 2
            start = windows.start_s[window] + (0 if windows.is_first[window] else margin_s)
            end = windows.end_s[window] - (0 if windows.is_last[window] else margin_s)
            if windows.start_s[window] > end_s:
                events.append([int(number), start, end, 0.0])
            events[-1][2] = end
            events[-1][3] = max(events[-1][3], windows.probabilities[window])
            end_s = windows.end_s[window]
    return sorted((tuple(event) for event in events), key=lambda event: (event[1], event[0]))


places = st.tuples(st.integers(0, 2), st.integers(0, N_WINDOWS - 1), st.sampled_from([0.5, 0.75]))


@given(st.lists(places, unique_by=lambda place: place[:2]))
def test_like_the_definition_whatever_the_windows(places):
    events = merged(*places)
    assert events == events_one_by_one(windows_of(*places))
    for number in range(3):
        of_class = [event for event in events if event[0] == number]
        assert all(a[2] < b[1] for a, b in itertools.pairwise(of_class))


def test_an_event_shorter_than_a_millisecond_does_not_end_before_it_starts():
    one = np.zeros(1, np.int64)
    event = Events(one, np.array([149.9999]), np.array([149.99999]), np.array([0.5]))
    assert event.rounded() == [(0, 149.999, 149.999, 0.5)]
