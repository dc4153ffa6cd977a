"""The story of a demo: what the page may count on."""

import numpy as np
import pandas as pd

from soundalike.demo.story import Answers, DemoStory
from soundalike.downstream.features import LOG_MEL, PRETRAINED, UNTRAINED


def story(answers):
    return DemoStory(
        facts={}, views=[], metrics=pd.DataFrame(), classes=["a", "b"],
        clips=pd.DataFrame({"path": ["x", "y"], "label": [1, 0], "x": [0, 1], "y": [0, 1]}),
        sounds=[None, None], answers=answers, sample_rate=22050, commands=[], recipe="",
        versions={}, next_steps={},
    )  # fmt: skip


def test_the_main_answers_are_those_of_the_first_protocol_with_ours_first():
    right, wrong = np.array([1, 0]), np.array([0, 1])
    told = story(
        [
            Answers(LOG_MEL, "linear", wrong),
            Answers(UNTRAINED, "linear", wrong),
            Answers(PRETRAINED, "linear", right),
            Answers(PRETRAINED, "knn", wrong),
        ]
    )
    assert list(told.main_answers) == [PRETRAINED, LOG_MEL, UNTRAINED]
    assert told.main_answers[PRETRAINED] is right


def test_labels_are_places_in_the_list_of_classes():
    assert story([]).labels.tolist() == [1, 0]
