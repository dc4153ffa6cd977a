"""Fit and train every method on every draw; what an earlier run did is read from its files."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.features import Features
from soundalike.downstream.few_shot_answers import AnswerFolder
from soundalike.downstream.few_shot_curves import Answers
from soundalike.downstream.few_shot_draws import Draw
from soundalike.downstream.few_shot_methods import LINEAR, LOG_MEL_LINEAR
from soundalike.downstream.few_shot_training import FewShotTraining, seconds_per_pass
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.representations import (
    EMBEDDINGS,
    LOG_MEL,
    PRETRAINED,
    representations,
)
from soundalike.downstream.supervised_recipe import recipe_for
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.sections import Recipe
from soundalike.runtime.counts import counted
from soundalike.runtime.forecast import on_this_machine
from soundalike.runtime.progress import progress_bar

FOLDER = "few_shot"  # of the answers, within that of the results
REPRESENTATIONS = {LINEAR: PRETRAINED, LOG_MEL_LINEAR: LOG_MEL}  # that are classified


@dataclass(frozen=True)
class FewShotExperiment:
    """The model, the labeled clips of the source, and the draws of one evaluation.

    Args:
        model: the pre-trained model.
        store: log-mels of the labeled clips.
        splits: the folds.
        draws: of all folds.
        out: folder of the results.
        seed: random seed of the first draw.
        progress: If true, progress bars are shown on standard error.
    """

    model: SoundEncoder
    store: Store
    splits: list[Split]
    draws: list[Draw]
    out: Path
    seed: int
    progress: bool

    def answer_frozen(self, methods: Sequence[str]) -> Answers:
        """Fit linear classifiers to the frozen model's embeddings and to log-mel statistics.

        Args:
            methods: of `FROZEN`.

        Raises:
            OSError: a file cannot be written.
        """
        if not methods:
            return {}
        names = [REPRESENTATIONS[method] for method in methods]
        features = representations(
            self.model,
            self.store,
            self.splits[0].train,
            self.seed,
            self.out / EMBEDDINGS,
            self.progress,
            names,
        )
        answers: Answers = {}
        n_fits = len(methods) * len(self.draws)
        with progress_bar(
            name="few-shot", unit="fits", total=n_fits, is_shown=self.progress
        ) as bar:
            for method, name in zip(methods, names, strict=True):
                # Whether a sound is none of the classes is not asked, so nothing learns it.
                of_method = dataclasses.replace(features[name], background=None)
                folder, answers[method] = self._folder(method), []
                for draw in self.draws:
                    answers[method].append(folder.get(draw, partial(_answer, of_method, draw)))
                    bar.update()
        return answers

    def answer_trained(self, methods: Sequence[str], recipe: Recipe) -> Answers:
        """Train networks, from the model and from scratch; say before how long that takes.

        Args:
            methods: of `TRAININGS`.
            recipe: resolved, of the kind `SUPERVISED`.

        Raises:
            KeyboardInterrupt: a training was interrupted; the same call resumes it.
            TrainingError: the loss of a training is not finite.
            OSError: a file cannot be written.
        """
        key = recipe_for(self.model, recipe, seed=0)  # the seed is that of the draw
        trainings = [
            FewShotTraining(self.store, self.model, recipe, m, self._folder(m, recipe=key))
            for m in methods
        ]
        pairs = [(training, draw) for draw in self.draws for training in trainings]
        is_new = [not training.folder.has(draw) for training, draw in pairs]
        n_passes = np.array([training.n_passes(draw) for training, draw in pairs])
        n_missing = int(n_passes[is_new].sum())
        is_shown = self.progress and any(is_new)
        if is_shown:
            seconds = n_missing * seconds_per_pass(self.model, self.store)
            line = f"{counted(sum(is_new), 'training')} on few labels: {on_this_machine(seconds)}"
            print(f"{line}; an interrupted run resumes", file=sys.stderr)
        answers: Answers = {method: [] for method in methods}
        with progress_bar(
            name="train",
            unit="clips",
            total=int(n_passes.sum()),
            initial=int(n_passes.sum()) - n_missing,
            smoothing=0,
            is_shown=is_shown,
        ) as bar:
            for (training, draw), n, takes_time in zip(pairs, n_passes, is_new, strict=True):
                answers[training.method].append(training.answers(draw))
                bar.update(int(n) if takes_time else 0)
        return answers

    def _folder(self, method: str, **key: Any) -> AnswerFolder:
        key |= {"model": self.model.fingerprint()}
        return AnswerFolder.of(self.out / FOLDER, method, self.store, self.splits, **key)


def _answer(features: Features, draw: Draw) -> NDArray[np.integer]:
    """Fit a linear classifier to a draw; return the classes of its test clips: [test clips]."""
    linear = fit_linear(features, draw.split, draw.seed)
    return linear.scores(features.select(draw.split.test)).argmax(axis=1)
