"""Answers in words; ``test_evaluation_page.py`` shows whole cards."""

import dataclasses

import numpy as np
import pytest
import soundfile

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.labels import Labels
from soundalike.datasets.prepare import prepare
from soundalike.downstream.examples import Example
from soundalike.report.example_cards import MAX_COLUMNS, answer_in_words, make_gallery

ONE, SEVERAL = (Labels(np.zeros(shape), ["dog", "owl", "rain"]) for shape in (1, (1, 3)))


@pytest.mark.parametrize(
    ("labels", "example", "words"),
    [
        (ONE, Example(0, 2, 0, 2), "named rain (0.70); its own class is dog (0.20)"),
        (ONE, Example(0, 2, 2, 0), "named rain (0.70), which is right; next is dog (0.20)"),
        (SEVERAL, Example(0, 2, 2, 0), "rain (0.70) was found"),
        (SEVERAL, Example(0, 0, 0, 2), "dog (0.20) was missed"),
        (SEVERAL, Example(0, 2, 0, 2), "rain (0.70) is a false alarm"),
        (SEVERAL, Example(0, 1, 0, 1), "owl (0.10) was rightly left out"),
    ],
    ids=["wrong", "right", "found", "missed", "false alarm", "left out"],
)
def test_an_answer_in_words(labels, example, words):
    assert answer_in_words(example, np.array([0.2, 0.1, 0.7]), labels) == words


def test_a_clip_is_stored_once_and_cut(store):
    example = Example(1, 0, 0, 1)
    long = dataclasses.replace(
        store, frames=np.tile(store.frames, (9, 1)), n_frames=store.n_frames * 9
    )
    gallery = make_gallery([[example], [example]], long, np.array([3, 5]), np.ones((2, 3)), None)
    (card,), (same,) = gallery.cards
    assert card == same
    assert (card.name, card.origin) == ("5.wav", "high")
    assert len(gallery.sounds) == 1
    assert gallery.n_cut == 1
    assert long.n_frames[5] > MAX_COLUMNS
    assert make_gallery([[], []], store, np.array([3]), np.ones((1, 3)), None).sounds == []


def test_a_repeated_clip_is_marked(store, tmp_path):
    waveform = np.random.default_rng(0).uniform(-0.5, 0.5, 11025)
    soundfile.write(tmp_path / "short.wav", waveform, 22050)
    clips = ClipTable.of("short", [Clip(str(tmp_path / "short.wav"), "knock")])
    short = prepare(clips, tmp_path / "store", n_workers=1, progress=False)
    examples = [[Example(0, 0, 0, None)]]
    gallery = make_gallery(examples, short, np.array([0]), np.ones((1, 1)), None)
    ((_, picture),) = gallery.cards[0][0].figures
    assert picture.marks == pytest.approx((0.5,), abs=0.01)
    assert gallery.shortest_s == 1
    whole = make_gallery(examples, store, np.array([0]), np.ones((1, 3)), None)
    assert whole.shortest_s is None
