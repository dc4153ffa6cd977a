"""The verdict of an audit is one sentence."""

from soundalike.audit.verdict import verdict


def test_one_label_is_wrong():
    assert verdict(1.1, (0.6, 2.4), 1, "label") == "about 1 of 1 label is wrong (1-2)"
