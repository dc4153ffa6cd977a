"""From one labeled window of an archive to a classifier of new sounds."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.cli.main import main
from soundalike.datasets.source import read_source
from soundalike.embedding.classify import classify
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.evaluation.average_precision import average_precisions
from soundalike.labeling.estimate import ENOUGH
from soundalike.labeling.loop import Loop, NoExampleError
from soundalike.search.archive import Archive


@pytest.fixture
def loop(tones):
    """The loop of an archive whose labels are those of the test."""
    yield Loop(tones)
    (tones.path / "labels.sqlite").unlink(missing_ok=True)


@pytest.fixture
def answer(loop):
    """Return a function that labels windows as their folders say."""

    def assign(positions, origin="queue"):
        for position in positions:
            row = loop.rows.iloc[position]
            span = row["recording"], row["start_s"], row["end_s"]
            loop.labels.assign([span], "high", row["label"] == "high", origin=origin)

    return assign


def first_high(loop):
    return np.flatnonzero(loop.rows["label"] == "high")[:1]


def test_a_few_answers_make_a_detector_that_runs_on_sounds(loop, answer, sound_folder, tmp_path):
    answer(first_high(loop), origin="chosen")
    for _ in range(3):
        detector = loop.train("high")
        answer(detector.next_windows(5))
    detector = loop.train("high")
    is_high = (loop.rows["label"] == "high").to_numpy()
    assert average_precisions(is_high[:, None], detector.scores[:, None])[0] > 0.9
    folder = detector.save(0.5)
    assert folder == loop.archive.path / "detectors" / "high"

    classifier = SoundClassifier.from_pretrained(folder)
    classify(
        classifier, read_source(sound_folder), tmp_path / "out.csv", windows=True, progress=False
    )
    answers = pd.read_csv(tmp_path / "out.csv")
    paths = [str(sound_folder / path) for path in loop.rows["path"]]
    scores = loop.rows.assign(path=paths, score=detector.scores).round({"start_s": 3})
    both = scores.merge(answers, on=["path", "start_s"])
    assert len(both) == len(loop.rows)
    assert both["probability_1"].to_numpy() == pytest.approx(both["score"], abs=1e-4)


def test_the_queue_has_no_window_twice(loop, answer):
    answer(first_high(loop))
    detector = loop.train("high")
    queue = detector.next_windows(5)
    answer(queue[:2])
    again = detector.next_windows(5, without=queue[2:3])
    assert not set(again) & set(queue[:3])
    assert set(queue[3:]) <= set(again)


def test_windows_picked_at_random_estimate_the_precision(loop, answer):
    answer(first_high(loop))
    detector = loop.train("high")
    picks = detector.random_windows(ENOUGH, threshold=0.0)
    answer(picks[1:], origin="random")
    assert detector.estimate(0.0).n_sampled == 0, "the first one blocks the others"
    estimate = detector.estimate(0.0, without=picks[:1])
    assert estimate.n_sampled == ENOUGH - 1
    n_right = int((loop.rows["label"].iloc[picks[1:]] == "high").sum())
    assert estimate.n_right == n_right
    assert picks[0] in detector.random_windows(3, threshold=0.0)
    assert (loop.train("high").scores == detector.scores).all(), "they do not train"


def test_a_label_without_an_example_says_what_to_do(loop, answer):
    answer(np.flatnonzero(loop.rows["label"] == "low")[:2])
    for label in ("high", "owl"):
        with pytest.raises(NoExampleError, match=f"no window has the label '{label}': give it"):
            loop.train(label)


def test_preparing_changes_nothing(loop, answer, tones):
    answer(first_high(loop))
    loop.prepare()
    assert (loop.train("high").scores == Loop(tones).train("high").scores).all()
    Loop(tones, loop.rows.iloc[:0]).prepare()


def test_rows_that_are_added_later_are_not_in_the_loop(loop, tones, answer):
    fewer = Loop(tones, loop.rows.drop(index=5).reset_index(drop=True))
    answer(first_high(loop))
    assert len(fewer.train("high").scores) == len(loop.rows) - 1


TONES_S = {"first.wav": [2.3, 8.1, 14.6, 19.2], "second.wav": [3.7, 9.4, 16.0]}


@pytest.fixture(scope="module")
def tapes(tmp_path_factory):
    """Two recordings of 23 s of noise, with tones of 0.9 s at known times."""
    folder = tmp_path_factory.mktemp("tapes")
    for seed, (name, starts_s) in enumerate(TONES_S.items()):
        tape = np.random.default_rng(seed).uniform(-0.005, 0.005, 23 * 22050)
        for start_s in starts_s:
            tape[round(start_s * 22050) :][:19845] += 0.4 * np.sin(np.arange(19845) * 0.2)
        soundfile.write(folder / name, tape, 22050)
    return folder


def test_a_saved_detector_finds_the_events_of_another_recording(tapes, tmp_path, model):
    archive = Archive.open_for(tmp_path / "archive", model, str(tapes))
    archive.add(tapes / "first.wav", progress=False)
    loop, starts_s = Loop(archive), np.array(TONES_S["first.wav"])
    start_s, end_s = (loop.rows[name].to_numpy()[:, None] for name in ("start_s", "end_s"))
    shared_s = np.minimum(end_s, starts_s + 0.9) - np.maximum(start_s, starts_s)
    has_tone = shared_s.max(axis=1) >= 0.5

    def answer(positions):
        for position in positions:
            recording, *times = loop.rows.loc[position, ["recording", "start_s", "end_s"]]
            loop.labels.assign([(recording, *times)], "tone", bool(has_tone[position]))

    answer([int(shared_s[:, 0].argmax())])
    assert loop.train("tone").scores.max() < 0.5, "so 0.5 is no threshold"
    for _ in range(5):
        answer(loop.train("tone").next_windows(4))
    folder = loop.train("tone").save()
    out = tmp_path / "events.csv"
    words = ["classify", str(folder), str(tapes / "second.wav"), "--out", str(out), "--per"]
    assert main([*words, "event"]) == 0
    events = pd.read_csv(out)
    assert set(events["label"]) == {"tone"}
    middles_s = events[["start_s", "end_s"]].mean(axis=1).to_numpy()
    is_near = np.abs(middles_s[:, None] - np.array(TONES_S["second.wav"]) - 0.45) <= 1
    assert is_near.any(axis=0).all(), "all are found"
    assert (events["end_s"] - events["start_s"]).sum() < 23 / 2, "by an untrained model"
    assert main([*words, "window"]) == 0
    answers = pd.read_csv(out, keep_default_na=False)["class"]
    assert set(answers) == {"tone", ""}, "not unsure"
