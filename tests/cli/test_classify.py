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
    known = counts["known_threshold"]
    none = f", {counts['n_none']} none of these (known below {known:.2f})"
    none = none if counts["n_none"] else ""
    assert last == f"24 clips in {csv}, 0 unsure (below 0.00){none}"
    rows = pd.read_csv(csv)
    assert set(rows["class"]) <= {"high", "low", "middle", "none of these"}
    is_none = rows["class"] == "none of these"
    assert is_none.tolist() == (rows["known"] < known).tolist()


def test_a_row_per_window(results_of, evaluation, sound_folder, tmp_path):
    csv = tmp_path / "classes.csv"
    counts, last = results_of("classify", evaluation, sound_folder, "--out", csv, "--per", "window")
    assert last.startswith(f"{counts['n_rows']} windows of 24 clips")
    assert f" in {csv}, " in last
    rows = pd.read_csv(csv)
    assert len(rows) == counts["n_rows"] == counts["n_windows"] > 24
    assert counts["n_uncut"] == (rows["path"].value_counts() == 1).sum()


def test_other_windows_are_said_to_have_no_threshold(
    call, evaluation, sound_folder, tmp_path, capsys
):
    words = ["classify", evaluation, sound_folder, "--out", tmp_path / "x.csv", "--per", "window"]
    n_rows = []
    for options in ([], ["--window_s", 1.5, "--hop_s", 0.5]):
        assert call(*words, *options) == 0
        text = capsys.readouterr().err
        assert ("the threshold of 'unsure' was chosen with other windows" in text) is bool(options)
        n_rows.append(len(pd.read_csv(tmp_path / "x.csv")))
    assert n_rows[0] != n_rows[1]


def test_clips_of_several_windows_are_said_to_have_one_answer(
    call, evaluation, sound_folder, tmp_path, capsys
):
    assert call("classify", evaluation, sound_folder, "--out", tmp_path / "x.csv") == 0
    assert "clips are longer than a window and have one answer" in capsys.readouterr().err


def test_after_an_evaluation_with_few_clips_everything_is_unsure(results_of, evaluation, tmp_path):
    """Twenty-four test clips cannot show that 90% of the answers on others are right."""
    sounds, csv = evaluation.parent / "sounds", tmp_path / "classes.csv"
    sounds.mkdir()
    soundfile.write(sounds / "a.wav", np.sin(np.arange(22050) / 5), 22050)
    counts, last = results_of("classify", evaluation, sounds, "--out", csv, "--false_alarms", 0)
    assert counts["n_unsure"] == 1
    assert last.startswith(f"1 clip in {csv}, 1 unsure (the evaluation had too few clips, or")
    assert last.endswith("see the most probable classes of --per clip, or set --threshold)")
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


@pytest.fixture(scope="module")
def long_recording(sound_folder, tmp_path_factory):
    """Forty seconds of noise with a high tone from 12 to 15 s."""
    waveform = 0.001 * np.random.default_rng(0).standard_normal(40 * 22050)
    tone = soundfile.read(sound_folder / "high" / "7.wav")[0]
    waveform[12 * 22050 : 15 * 22050] += np.resize(tone, 3 * 22050)
    path = tmp_path_factory.mktemp("long") / "night.wav"
    soundfile.write(path, waveform, 22050)
    return path


def test_long_recordings_get_events(results_of, evaluation, long_recording, tmp_path, capsys):
    csv = tmp_path / "events.csv"
    words = ["classify", evaluation, long_recording, "--threshold", 0.9, "--false_alarms", 0]
    counts, last = results_of(*words, "--out", csv)
    assert last.startswith(f"{counts['n_events']} event")
    assert f"in 0.7 min of 1 clip ({counts['classes']['high']} high" in last
    assert last.endswith(f"; in {csv}")
    assert list(pd.read_csv(csv)) == ["path", "start_s", "end_s", "label", "score"]
    results_of(*words, "--out", csv, "--per", "clip")
    assert "class_1" in pd.read_csv(csv)
    track = tmp_path / "track.txt"
    results_of(*words, "--out", track, "--format", "audacity")
    n_lines = len(track.read_text().splitlines())
    assert n_lines == counts["n_events"]


def test_without_events_it_says_why(call, evaluation, long_recording, tmp_path, capsys):
    words = ["classify", evaluation, long_recording, "--out", tmp_path / "raven"]
    assert call(*words, "--format", "raven") == 0
    output = capsys.readouterr()
    assert "no event: the evaluation had too few clips" in output.err
    assert "most clips are longer" not in output.err
    assert output.out.startswith("0 events in 0.7 min of 1 clip; in ")
    assert [path.name for path in (tmp_path / "raven").iterdir()] == ["night.wav.selections.txt"]


def test_wrong_use(refusal):
    words = ["classify", "no/such", "x", "--out", "y.csv"]
    assert "no/such: no classifier there" in refusal(*words)
    assert "'2': expected a number from 0 to 1" in refusal(*words, "--threshold", "2")
    assert "'1': expected a number below 1" in refusal(*words, "--false_alarms", "1")
    assert "--format raven is for events" in refusal(*words, "--format", "raven", "--per", "clip")


def test_outputs_that_do_not_fit_are_refused_before_any_work(refusal, evaluation, sound_folder):
    for form, out, words in [
        ("csv", "x.txt", "name a .csv file"),
        ("birdnet", "x.txt", "name a .csv file"),
        ("raven", "x.txt", "a table for each of 24 recordings: name a folder"),
    ]:
        message = refusal("classify", evaluation, sound_folder, "--out", out, "--format", form)
        assert words in message
