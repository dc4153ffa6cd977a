"""What a demo run has to tell: the data of its page, and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.downstream.features import PRETRAINED


@dataclass(frozen=True)
class ViewPair:
    """Two patches of one clip, and the two views made of them.

    Args:
        label: what to call the clip.
        originals: log_mel of the two patches.
        views: log_mel of their views.
        original_sounds: waveforms of the two patches.
        view_sounds: waveforms of their views.

    Shape:
        originals, views: two [frames, bands]; original_sounds, view_sounds: two [samples].
    """

    label: str
    originals: Sequence[NDArray[np.floating]]
    views: Sequence[NDArray[np.floating]]
    original_sounds: Sequence[NDArray[np.floating]]
    view_sounds: Sequence[NDArray[np.floating]]


@dataclass(frozen=True)
class Answers:
    """The class that one representation gave each test clip under one protocol.

    Args:
        representation: PRETRAINED, or a baseline such as UNTRAINED or LOG_MEL.
        protocol: how it was asked, such as "linear" or "kNN".
        predictions: predicted class of each test clip.

    Shape:
        predictions: [clips].
    """

    representation: str
    protocol: str
    predictions: NDArray[np.integer]


@dataclass(frozen=True)
class DemoStory:
    """What a demo run has to tell; every score on the page is computed from it.

    Args:
        facts: the run in a few short words and numbers, such as {"clips heard": "1,280"}.
        views: pairs of views to see and hear.
        metrics: columns step, epoch, loss and knn (NaN but at the ends of epochs).
        classes: names of the classes.
        clips: the test clips: columns path, label (index into classes), x and y (place on the map).
        sounds: waveform of each test clip, or None for one that is not to be heard.
        answers: of PRETRAINED and its baselines, the same under each protocol; the verdict goes by
            the first one's protocol.
        sample_rate: of all waveforms.
        commands: what was run to get here.
        recipe: that it was run with, as YAML.
        versions: of the software.
        next_steps: what to do next, and the command for it.
    """

    facts: Mapping[str, str]
    views: Sequence[ViewPair]
    metrics: pd.DataFrame
    classes: Sequence[str]
    clips: pd.DataFrame
    sounds: Sequence[NDArray[np.floating] | None]
    answers: Sequence[Answers]
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
    def main_answers(self) -> dict[str, NDArray[np.integer]]:
        """Predictions under the protocol that the verdict goes by, PRETRAINED first."""
        protocol = self.answers[0].protocol
        answers = {a.representation: a.predictions for a in self.answers if a.protocol == protocol}
        return {PRETRAINED: answers.pop(PRETRAINED), **answers}
