"""The data of the demo's page."""

import numpy as np
import pandas as pd

from soundalike.demo.story import DemoStory, Predictions
from soundalike.demo.wrong_labels import WrongLabels
from soundalike.downstream.representations import LOG_MEL, PRETRAINED, UNTRAINED
from soundalike.downstream.verdict import Verdict

VERDICT = Verdict("Your model is good.", "linear", 0.8, [0.6, 0.9], {})


def story(predictions):
    return DemoStory(
        verdict=VERDICT, facts={}, views=[], metrics=pd.DataFrame(), classes=["a", "b"],
        clips=pd.DataFrame({"path": ["x", "y"], "label": [1, 0], "x": [0, 1], "y": [0, 1]}),
        sounds=[None, None], predictions=predictions,
        wrong_labels=WrongLabels("", 0, 0, []), excerpts=[], sample_rate=22050, commands=[],
        recipe="", versions={}, next_steps={},
    )  # fmt: skip


def test_the_main_predictions_are_of_the_first_protocol_pretrained_first():
    right, wrong = np.array([1, 0]), np.array([0, 1])
    demo = story(
        [
            Predictions(LOG_MEL, "linear", wrong),
            Predictions(UNTRAINED, "linear", wrong),
            Predictions(PRETRAINED, "linear", right),
            Predictions(PRETRAINED, "knn", wrong),
        ]
    )
    assert list(demo.main_predictions) == [PRETRAINED, LOG_MEL, UNTRAINED]
    assert demo.main_predictions[PRETRAINED] is right


def test_labels_are_indices_into_the_classes():
    assert story([]).labels.tolist() == [1, 0]
