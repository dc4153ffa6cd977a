"""The command classify."""

import numpy as np
import pandas as pd
import pytest
import soundfile


@pytest.fixture(scope="module")
def evaluation(call, run, store, tmp_path_factory):
    """The folder of an evaluation with a linear classifier."""
    out = tmp_path_factory.mktemp("evaluation") / "out"
    assert call("evaluate", run.path, store.path, "--protocol", "linear", "--out", out) == 0
    return out


def test_a_row_per_clip(results_of, evaluation, sound_folder, tmp_path):
    csv = tmp_path / "classes.csv"
    words = ["classify", evaluation, sound_folder, "--out", csv, "--threshold", 0]
    counts, last = results_of(*words)
    assert (counts["n_clips"], counts["n_unsure"]) == (24, 0)
    none = f", {counts['n_none']} none of these" if counts["n_none"] else ""
    assert last == f"24 clips in {csv}, 0 unsure (below 0.00){none}"
    assert set(pd.read_csv(csv)["class"]) <= {"high", "low", "middle", "none of these"}


def test_a_row_per_window(results_of, evaluation, sound_folder, tmp_path):
    csv = tmp_path / "classes.csv"
    counts, last = results_of("classify", evaluation, sound_folder, "--out", csv, "--windows")
    assert last.startswith(f"{counts['n_rows']} windows of 24 clips")
    assert f" in {csv}, " in last
    rows = pd.read_csv(csv)
    assert len(rows) == counts["n_rows"] == counts["n_windows"] > 24
    assert counts["n_uncut"] == (rows["path"].value_counts() == 1).sum()


def test_other_windows_are_said_to_have_no_threshold(
    call, evaluation, sound_folder, tmp_path, capsys
):
    words = ["classify", evaluation, sound_folder, "--out", tmp_path / "x.csv", "--windows"]
    n_rows = []
    for options in ([], ["--window_s", 1.5, "--hop_s", 0.5]):
        assert call(*words, *options) == 0
        text = capsys.readouterr().err
        assert ("the threshold of 'unsure' was chosen with other windows" in text) is bool(options)
        n_rows.append(len(pd.read_csv(tmp_path / "x.csv")))
    assert n_rows[0] != n_rows[1]


def test_after_an_evaluation_with_few_clips_everything_is_unsure(results_of, evaluation, tmp_path):
    """Twenty-four test clips cannot show that 90% of the answers on others are right."""
    sounds, csv = evaluation.parent / "sounds", tmp_path / "classes.csv"
    sounds.mkdir()
    soundfile.write(sounds / "a.wav", np.sin(np.arange(22050) / 5), 22050)
    counts, last = results_of("classify", evaluation, sounds, "--out", csv, "--false_alarms", 0)
    assert counts["n_unsure"] == 1
    assert last.startswith(f"1 clip in {csv}, 1 unsure (the evaluation had too few clips, or")
    assert last.endswith("see the column class_1, or set --threshold)")
    (row,) = pd.read_csv(csv).itertuples()
    assert row.class_1 in {"high", "low", "middle"}


def test_silence_and_too_few_clips_for_none_of_these(call, evaluation, tmp_path, capsys):
    soundfile.write(tmp_path / "zero.wav", np.zeros(22050), 22050)
    csv = tmp_path / "classes.csv"
    words = ["classify", evaluation, tmp_path / "zero.wav", "--out", csv, "--threshold", 0]
    assert call(*words, "--false_alarms", 0.01) == 0
    output = capsys.readouterr()
    assert "no clip is 'none of these': 1% false alarms take 99 clips" in output.err
    assert "which had 24" in output.err
    assert output.out.splitlines()[-1] == f"1 clip in {csv}, 0 unsure (below 0.00), 1 silent"
    assert call(*words) == 0
    assert "no clip is" not in capsys.readouterr().err


def test_wrong_use(refusal):
    words = ["classify", "no/such", "x", "--out", "y.csv"]
    assert "no/such: no classifier there" in refusal(*words)
    assert "'2': expected a number from 0 to 1" in refusal(*words, "--threshold", "2")
    assert "'1': expected a number below 1" in refusal(*words, "--false_alarms", "1")
