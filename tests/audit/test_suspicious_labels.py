"""The order in which labels are looked at."""

import numpy as np
import pandas as pd

from soundalike.audit.judgment import Judgment
from soundalike.audit.labels_file import read_labels, write_labels
from soundalike.audit.suspicious_labels import NO_CLASS, by_suspicion, most_suspicious

P_WRONG = [0.98761, 0.2, 0.98759, 0.98762, 0.98764, 0.5]
LABELS = ["sea", "sea", "rain", "sea", "sea", "rain"]
SUGGESTED = ["rain", "rain", "sea", "", "rain", "sea"]
NEIGHBORS = np.array([[1, 3], [0, 3], [0, 5], [5, 2], [2, 1], [-1, -1]])
SIMILARITY = np.array([[0.9, 0.8], [0.9, 0.8], [0.9, 0.8], [0.9, 0.8], [0.9, 0.8], [0, 0]])


def ordered():
    table = pd.DataFrame(
        {
            "path": [f"{number}.wav" for number in range(6)],
            "start_s": np.nan,
            "end_s": np.nan,
            "label": LABELS,
            "decision": ["", "", "", "", "keep", ""],
            "new_label": "",
        }
    )
    judgment = Judgment(
        classes=["rain", "sea"],
        p_wrong=np.array(P_WRONG),
        suggested=SUGGESTED,
        n_wrong=4.0,
        interval=(3.0, 5.0),
        findings=[],
        noise_counts=np.zeros((3, 2)),
    )
    return by_suspicion(table, judgment, NEIGHBORS, SIMILARITY)


def test_labels_that_tie_are_ordered_by_how_little_their_neighbors_support_them():
    table = ordered()
    assert table.index.tolist() == [3, 2, 4, 0, 5, 1], "0, 0.8, 0.8 and 1.7 of the same label"
    assert table["p_wrong"].tolist() == [0.9876] * 4 + [0.5, 0.2]
    assert table["suggested"][3] == ""


def test_the_order_is_that_of_the_file(tmp_path):
    write_labels(tmp_path / "labels.csv", ordered())
    paths = read_labels(tmp_path / "labels.csv")["path"]
    assert paths.tolist() == [f"{number}.wav" for number in (3, 2, 4, 0, 5, 1)]


def test_the_first_undecided_labels_are_listed():
    first = most_suspicious(ordered(), 3)
    assert [label.path for label in first] == ["3.wav", "2.wav", "0.wav"], "4.wav is decided"
    assert (first[0].start_s, first[0].end_s, first[0].p_wrong) == (None, None, 0.9876)
    assert [label.suggestion for label in first] == [NO_CLASS, "sea", "rain"]
