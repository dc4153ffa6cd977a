"""What commands print, as a reader sees it."""

import pytest

from soundalike.cli.tables import print_evaluation, print_scan

FOUND = {
    "source": "mine",
    "n_clips": 1200,
    "n_readable": 1193,
    "hours": 1.5,
    "duration_s": {"shortest": 0.5, "quarter": 1, "median": 2, "three_quarters": 3, "longest": 9},
    "sample_rates": {44100: 1000, 22050: 193},
    "channels": {1: 1193},
    "labels": {f"class {number}": number for number in range(1, 15)},
    "splits": {},
    "folds": {},
    "silent": [],
    "clipped": ["loud.wav"],
    "identical": [["a.wav", "b.wav"]],
    "identical_across_splits": [],
    "problems": [
        {"path": f"{number}.wav", "problem": "empty", "message": f"{number}.wav: empty: [gone]"}
        for number in range(7)
    ],
}


def test_a_scan_is_told_in_numbers_and_names(capsys):
    print_scan(FOUND)
    shown = capsys.readouterr().out
    for said in ("1,200, of them 1,193 readable", "44100 (1,000)", "14 in all", "loud.wav"):
        assert said in shown
    assert "a.wav = b.wav" in shown
    assert "4.wav: empty: [gone]" in shown
    assert "5.wav" not in shown
    assert "2 more: --json" in shown
    assert "silent" not in shown


def test_an_empty_scan_is_no_accident(capsys):
    nothing = {key: [] for key in FOUND} | {
        "source": "x",
        "n_clips": 0,
        "n_readable": 0,
        "hours": 0,
    }
    print_scan(nothing)
    assert "none" in capsys.readouterr().out


@pytest.mark.parametrize("heard", [True, False])
def test_an_evaluation_is_a_row_for_every_representation(capsys, heard):
    row = {
        "protocol": "linear",
        "representation": "pretrained encoder",
        "score": 0.71234,
        "interval": [0.65, 0.77],
        "accuracy": 0.7,
        "per_class": {"a": 1.0, "b": 0.4},
    }
    print_evaluation(
        {
            "model": "runs/mine",
            "out": "runs/mine/evaluation",
            "source": "mine",
            "splits": ["test"],
            "n_test_clips": 300,
            "heard_test_clips": heard,
            "metric": "balanced accuracy",
            "rows": [row, row | {"protocol": "knn", "score": 0.5}],
        }
    )
    shown = capsys.readouterr().out
    assert "0.712" in shown
    assert "0.650 - 0.770" in shown
    assert "clip by clip: runs/mine/evaluation" in shown
    assert ("heard the test clips" in shown) is heard


def test_several_labels_have_no_accuracy(capsys):
    row = {
        "protocol": "knn",
        "representation": "pretrained encoder",
        "score": 0.4,
        "interval": [0.3, 0.5],
        "per_class": {"a": 1.0},
    }
    told = {"model": "m", "out": "o", "source": "s", "splits": ["test"], "n_test_clips": 3}
    print_evaluation(told | {"heard_test_clips": False, "metric": "mAP", "rows": [row]})
    shown = capsys.readouterr().out
    assert "mAP" in shown
    assert "accuracy" not in shown
