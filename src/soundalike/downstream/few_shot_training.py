"""Train a network on few labels: from a model, or the same training from random weights."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.store import Store
from soundalike.downstream.features import embeddings, untrained_twin
from soundalike.downstream.few_shot_answers import AnswerFolder
from soundalike.downstream.few_shot_draws import Draw
from soundalike.downstream.few_shot_methods import SCRATCH
from soundalike.downstream.finetuning import N_LEVELS, fine_tune
from soundalike.downstream.supervised_recipe import recipe_for
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.sections import Recipe
from soundalike.training.run_folder import RunFolder

STEP_PASSES = 3  # forward passes that take as long as one forward and backward pass
N_TIMED = 16  # clips


@dataclass(frozen=True)
class FewShotTraining:
    """Trains on draws; both methods have the same windows, steps and levels.

    If the recipe starts from a linear classifier of the frozen model, so does the training from
    scratch: from one of the network with random weights, whose batch norms are calibrated on the
    draw.

    Args:
        store: log-mels of all clips.
        model: the pre-trained model.
        recipe: resolved, of the kind `SUPERVISED`.
        method: "finetune" or "scratch".
        folder: of the answers; the runs in progress are in it, too.
    """

    store: Store
    model: SoundEncoder
    recipe: Recipe
    method: str
    folder: AnswerFolder

    def answers(self, draw: Draw) -> NDArray[np.int64]:
        """Return the class of each test clip of a draw; train if an earlier run did not.

        Shape:
            result: [test clips].

        Raises:
            KeyboardInterrupt: the training was interrupted; the same call resumes it.
            TrainingError: the loss is not finite.
            OSError: a file cannot be written.
        """
        run = self.folder.path / draw.name
        answers = self.folder.get(draw, lambda: self._train(draw, run))
        shutil.rmtree(run, ignore_errors=True)  # hundreds of networks would fill the disk
        return answers

    def n_passes(self, draw: Draw) -> int:
        """Return how many forward passes of a clip take about as long as the training."""
        settings, n_train = self.recipe["training"], len(draw.split.train)
        n_passes = STEP_PASSES * settings["n_epochs"] * n_train + len(draw.split.test)
        if settings["linear_probe_init"]:
            n_passes += n_train * (N_LEVELS if settings["gain_db"] else 1)
        return n_passes

    def _train(self, draw: Draw, path: Path) -> NDArray[np.integer]:
        store, split, model = self.store, draw.split, self.model
        recipe = recipe_for(model, self.recipe, draw.seed)
        init: SoundEncoder | None = model
        if self.method == SCRATCH:
            starts_linear = recipe["training"]["linear_probe_init"]
            few = store.select(split.train)
            init = untrained_twin(model, few, draw.seed) if starts_linear else None
        run = RunFolder(path)
        run.configure(clips=store.fingerprint, draw=draw.name, recipe=recipe)
        network = fine_tune(store, split, run, recipe, model=init, progress=False)
        return network.scores(store.select(split.test)).argmax(axis=1)


def seconds_per_pass(model: SoundEncoder, store: Store) -> float:
    """Measure how long a forward pass of a clip takes, on a sample of the clips."""
    n_timed = min(N_TIMED, len(store.clips))
    sample = store.select(np.linspace(0, len(store.clips) - 1, n_timed).astype(np.int64))
    embeddings(model, sample.select(np.arange(1)))  # the first pass of a process is slower
    begin_s = time.monotonic()
    embeddings(model, sample)
    return (time.monotonic() - begin_s) / n_timed
