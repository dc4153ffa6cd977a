"""What labels of windows and of events say of windows."""

import pandas as pd
import pytest
from archives import make_rows

from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES, labeled_windows

NAMES = ["recording", "start_s", "end_s", "value", "origin"]


def labels_of(*labels):
    """Return a table of labels of the recording of a.wav: start_s, end_s, value, origin."""
    rows = [("hash of a.wav", *label, "chosen")[:5] for label in labels]
    return pd.DataFrame(rows, columns=NAMES)


@pytest.fixture
def rows():
    """Windows of 2 s with a hop of 1 s: from 0, 1, 2 and 3 s of a.wav, and the first of b.wav."""
    table = make_rows(["a.wav"], 4)
    table["end_s"] += 1
    return pd.concat([table, make_rows(["b.wav"], 1)], ignore_index=True)


def known(rows, *labels):
    return labeled_windows(rows, labels_of(*labels)).known.tolist()


def test_the_label_of_a_window_is_of_that_window_alone(rows):
    labeled = labeled_windows(rows, labels_of((1.0, 3.0, True), (3.0, 5.0, False)))
    assert labeled.known.tolist() == [UNKNOWN, YES, UNKNOWN, NO, UNKNOWN]
    assert labeled.is_near.tolist() == [True, False, True, False, False]
    assert labeled.is_training.tolist() == [False, True, False, True, False]


def test_an_event_is_a_label_of_the_windows_that_hold_half_of_it(rows):
    assert known(rows, (2.1, 2.9, True)) == [UNKNOWN, YES, YES, UNKNOWN, UNKNOWN]
    assert known(rows, (2.5, 3.5, False)) == [UNKNOWN, NO, NO, NO, UNKNOWN], "half, whole, half"


def test_a_long_event_is_a_label_of_the_windows_that_it_half_fills(rows):
    assert known(rows, (1.2, 30.0, True)) == [UNKNOWN, YES, YES, YES, UNKNOWN]


def test_windows_come_before_events_and_yes_before_no(rows):
    assert known(rows, (0.0, 5.0, False), (2.1, 2.9, True)) == [NO, YES, YES, NO, UNKNOWN]
    assert known(rows, (2.1, 2.9, True), (0.0, 5.0, False)) == [NO, YES, YES, NO, UNKNOWN]
    assert known(rows, (1.0, 3.0, False), (2.1, 2.9, True)) == [UNKNOWN, NO, YES, UNKNOWN, UNKNOWN]


def test_windows_that_were_picked_at_random_train_nothing(rows):
    labeled = labeled_windows(rows, labels_of((0.0, 2.0, True, "random"), (3.0, 5.0, True)))
    assert labeled.known.tolist() == [YES, UNKNOWN, UNKNOWN, YES, UNKNOWN]
    assert labeled.is_random.tolist() == [True, False, False, False, False]
    assert labeled.is_training.tolist() == [False, False, False, True, False]
    assert labeled.is_near.tolist() == [False, False, True, False, False]


def test_labels_of_other_recordings_and_none_at_all(rows):
    elsewhere = labels_of((0.0, 2.0, True)).assign(recording="gone")
    for labels in (elsewhere, labels_of()):
        labeled = labeled_windows(rows, labels)
        assert (labeled.known == UNKNOWN).all()
        assert not labeled.is_near.any()


def test_a_window_of_one_sample_has_its_label():
    rows = pd.DataFrame({"recording": "click", "start_s": [0.0], "end_s": [1 / 22050]})
    labels = rows.assign(value=True, origin="chosen")
    assert labeled_windows(rows, labels).known.tolist() == [YES]
