"""The data of the demo's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.demo.wrong_labels import Excerpt, WrongLabels
from soundalike.downstream.representations import PRETRAINED
from soundalike.downstream.verdict import Verdict
from soundalike.report.view_samples import View


@dataclass(frozen=True)
class Predictions:
    """The classes predicted for the test clips from one representation under one protocol.

    Args:
        representation: PRETRAINED, or a baseline such as UNTRAINED or LOG_MEL.
        protocol: name of the protocol, such as "linear".
        values: predicted class of each test clip: [clips].
    """

    representation: str
    protocol: str
    values: NDArray[np.integer]


@dataclass(frozen=True)
class DemoStory:
    """The data of the page, from which every score on it is computed.

    Args:
        verdict: whether pre-training helped.
        facts: facts about the run, such as {"training clips": "1,280"}.
        views: augmented pairs to see and hear.
        metrics: columns step, epoch, loss and knn (NaN except at the ends of epochs).
        classes: names of the classes.
        clips: the test clips: columns path, label (index into classes), x and y (place on the map).
        sounds: waveform of each test clip, or None for a clip without sound.
        predictions: of PRETRAINED and its baselines, the same under each protocol; the headline
            uses the protocol of the first.
        wrong_labels: the most suspicious labels of all clips, and which of them are wrong.
        excerpts: the beginnings of these clips.
        sample_rate: of all waveforms.
        commands: the commands that were run.
        recipe: the recipe, as YAML.
        versions: versions of the software.
        next_steps: commands to run next, by their purpose.
    """

    verdict: Verdict
    facts: Mapping[str, str]
    views: Sequence[tuple[View, View]]
    metrics: pd.DataFrame
    classes: Sequence[str]
    clips: pd.DataFrame
    sounds: Sequence[NDArray[np.floating] | None]
    predictions: Sequence[Predictions]
    wrong_labels: WrongLabels
    excerpts: Sequence[Excerpt]
    sample_rate: int
    commands: Sequence[str]
    recipe: str
    versions: Mapping[str, str]
    next_steps: Mapping[str, str]

    @property
    def labels(self) -> NDArray[np.int64]:
        """True class of each test clip."""
        return self.clips["label"].to_numpy(dtype=np.int64)

    @property
    def main_predictions(self) -> dict[str, NDArray[np.integer]]:
        """Predictions under the protocol of the headline by representation, PRETRAINED first."""
        protocol = self.predictions[0].protocol
        values = {p.representation: p.values for p in self.predictions if p.protocol == protocol}
        return {PRETRAINED: values.pop(PRETRAINED), **values}
