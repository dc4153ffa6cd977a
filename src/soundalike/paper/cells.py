"""One cell of a table: train what its row says with one seed, and score it."""

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import SourceError
from soundalike.datasets.label_noise import with_label_noise
from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split, training_clips, with_splits
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.downstream.cross_validation import Fit, OutOfFold, cross_validate
from soundalike.downstream.features import (
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.downstream.finetuning import fine_tune
from soundalike.downstream.linear import LinearClassifier, fit_linear, fit_paper_linear
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import METRIC_NAMES, score
from soundalike.models.encoder import build_encoder
from soundalike.paper.budgets import Budget
from soundalike.paper.results import Cell
from soundalike.paper.row_split import split_of
from soundalike.paper.rows import PaperError, Row, Table
from soundalike.paper.wrong_labels import find_wrong_labels
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.sections import Recipe
from soundalike.runtime.atomic import write_json
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.finite_loss import TrainingError
from soundalike.training.pretraining import pretrain
from soundalike.training.run_folder import RunFolder
from soundalike.views.mix_back import shortest_to_mix_within

PRETRAINING, SUPERVISED = "pretraining", "supervised"
MIN_SHARE_MIXED = 0.5  # of the training clips, in a row that mixes within the clip
NUMBERS = "numbers.json"


@dataclass(frozen=True)
class Bench:
    """Makes cells. One seed is the seed of trainings, splits and label noise.

    Args:
        out: folder of all trainings.
        store: log-mels of all clips.
        budget: changes of all recipes.
        label_noise: fraction of the training clips that get a wrong label.
        progress: If true, each training shows a progress bar.
    """

    out: Path
    store: Store
    budget: Budget
    label_noise: float = 0.0
    progress: bool = False

    def clips(self, seed: int) -> Store:
        """Return the clips with the splits and the wrong labels of a seed.

        Raises:
            SourceError: the clips cannot be split, or cannot get wrong labels.
        """
        store = with_splits(self.store, seed)
        return with_label_noise(store, self.label_noise, seed) if self.label_noise else store

    def make(self, table: Table, row: Row, seed: int) -> Cell:
        """Train and score; if training cannot continue, the cell is marked as failed.

        Raises:
            KeyboardInterrupt: the training was interrupted; the same call resumes it.
            OSError: a file cannot be written.
        """
        try:
            numbers = self._measure(row, seed)
        except (TrainingError, RecipeError, SourceError, PaperError) as error:
            numbers = {"failed": str(error)}
        return Cell(table.name, row.name, seed, **numbers)

    def has_pretrained(self, row: Row, seed: int) -> bool:
        """Return whether the pre-training of a row has finished or failed."""
        return (self._pretraining(row, seed).path / NUMBERS).exists()

    def pretraining_seconds(self, row: Row, seed: int) -> float:
        """Return how long the pre-training of a row took; 0 if there is none that finished."""
        path = self._pretraining(row, seed).path / NUMBERS
        if row.start != "pretrained" or not path.exists():
            return 0.0
        return json.loads(path.read_text()).get("seconds", 0.0)

    def _measure(self, row: Row, seed: int) -> dict[str, Any]:
        store = self.clips(seed)
        split = split_of(row, store, seed)
        metric = {"metric": METRIC_NAMES[store.clips.labels().values.ndim]}
        if row.start == "log-mel statistics":
            return metric | self._score_features(row, store, split, seed, None)
        if row.start == "from scratch":
            return metric | self._score_network(row, store, split, seed, None)
        pretraining: dict[str, Any] = {"knn": None, "seconds": 0.0}
        if row.start == "pretrained":
            pretraining = self._pretrain(row, store, seed)
            model = SoundEncoder.load(self._pretraining(row, seed).encoder)
        else:
            train = store.select(training_clips(store.clips))
            model = untrained_twin(self._untrained(row, store, seed), train, seed)
        model.to(choose_hardware().accelerator)
        trains_network = row.task in ("noisy", "clean")
        score_model = self._score_network if trains_network else self._score_features
        numbers = score_model(row, store, split, seed, model)
        seconds = round(pretraining["seconds"] + numbers["seconds"], 1)
        return metric | numbers | {"knn": pretraining["knn"], "seconds": seconds}

    def _pretraining(self, row: Row, seed: int) -> RunFolder:
        return RunFolder(self.out / PRETRAINING / row.configuration / f"seed-{seed}")

    def _pretrain(self, row: Row, store: Store, seed: int) -> dict[str, Any]:
        """Pre-train, or return the numbers of an earlier row with the same configuration."""
        run = self._pretraining(row, seed)
        if not (run.path / NUMBERS).exists():
            train = store.select(training_clips(store.clips))
            recipe = self.budget.pretraining_recipe(row, seed, len(train.clips))
            _refuse_unmixed(train, recipe)
            run.configure(
                source=store.clips.name, clips=store.fingerprint, test_fold=None, recipe=recipe
            )
            try:
                result = pretrain(store, run, recipe, progress=self.progress)
            except TrainingError as error:
                write_json(run.path / NUMBERS, {"failed": str(error)})
                raise
            if not result.is_finished:
                raise KeyboardInterrupt
            best_knn = max(result.knn.values(), default=None)
            write_json(run.path / NUMBERS, {"knn": best_knn, "seconds": result.seconds})
        run.checkpoints.delete()  # no longer needed, and twice the model's size
        numbers = json.loads((run.path / NUMBERS).read_text())
        if "failed" in numbers:
            raise TrainingError(numbers["failed"])
        return numbers

    def _score_network(
        self, row: Row, store: Store, split: Split, seed: int, model: SoundEncoder | None
    ) -> dict[str, Any]:
        """Train end to end, from a model or from scratch."""
        start = "scratch" if model is None else "pretrained"
        few = "" if row.n_labels is None else f"-{row.n_labels}"
        folder = f"{row.task}{few}-{start}-{row.configuration}"
        run = RunFolder(self.out / SUPERVISED / folder / f"seed-{seed}")
        recipe = self.budget.supervised_recipe(row, seed, len(split.train))
        run.configure(source=store.clips.name, clips=store.fingerprint, recipe=recipe)
        fit = partial(fine_tune, run=run, recipe=recipe, model=model, progress=self.progress)
        results = cross_validate(store, fit, [split])
        run.checkpoints.delete()
        (network,) = results.classifiers
        return {
            "score": _test_score(store.clips.labels(), results),
            "validation_score": network.validation_score,
            "epoch": network.epoch,
            "seconds": network.seconds,
        }

    def _score_features(
        self, row: Row, store: Store, split: Split, seed: int, model: SoundEncoder | None
    ) -> dict[str, Any]:
        """Measure frozen features: of a model, or without one statistics of the log-mels."""
        began = time.monotonic()
        if model is None:
            features = log_mel_statistics(self._untrained(row, store, seed), store)
        else:
            features = embeddings(model, store)
        if row.task in ("audit", "self-confidence"):
            clips = np.concatenate([split.train, split.validation])
            some = features.select(clips), store.clips.rows.iloc[clips]
            numbers = find_wrong_labels(row.task, *some, seed)
        else:
            numbers = self._classify(row, features, split, seed)
        return numbers | {"seconds": round(time.monotonic() - began, 1)}

    def _classify(self, row: Row, features: Features, split: Split, seed: int) -> dict[str, Any]:
        """Evaluate features by the linear classifier of the row.

        The paper's needs validation clips, and h as it is. So with few labels, and for statistics,
        which are standardized first, it is logistic regression.
        """
        fit: Fit[Features, LinearClassifier] = partial(fit_linear, seed=seed)
        if row.task == "soft labels":
            fit = partial(fit_soft_labels, seed=seed)
        elif row.task == "linear" and row.n_labels is None and row.start != "log-mel statistics":
            fit = partial(fit_paper_linear, seed=seed, n_epochs=self.budget.n_linear_epochs)
        results = cross_validate(features, fit, [split])
        (linear,) = results.classifiers
        validation_score = None
        if linear.epoch is not None and len(split.validation):  # they have chosen it
            validation = features.select(split.validation)
            validation_score = score(validation.labels.values, linear.scores(validation))
        return {
            "score": _test_score(features.labels, results),
            "validation_score": validation_score,
            "epoch": linear.epoch,
        }

    def _untrained(self, row: Row, store: Store, seed: int) -> SoundEncoder:
        """Return the row's encoder with random weights and the statistics of the training clips."""
        train = store.select(training_clips(store.clips))
        recipe = self.budget.pretraining_recipe(row, seed, len(train.clips))
        settings, patch_frames = recipe["encoder"], recipe["views"]["patch_frames"]
        return SoundEncoder(
            build_encoder(settings, store.front_end.n_mels),
            settings,
            store.front_end,
            Standardization(*log_mel_mean_and_std(train)),
            Windows.half_overlapping(patch_frames),
        )


def _test_score(labels: Labels, results: OutOfFold) -> float:
    return score(labels.values[results.clips], results.scores)


def _refuse_unmixed(train: Store, recipe: Recipe) -> None:
    """Refuse to mix within clips if many are too short, because those are not mixed at all.

    Otherwise the row would mostly be the row without mix-back under another name.
    """
    mixing = recipe["views"]["mix_back"]
    if mixing is None or mixing["source"] != "within_clip":
        return
    shortest = shortest_to_mix_within(recipe["views"]["patch_frames"])
    share = (train.n_frames >= shortest).mean()
    if share < MIN_SHARE_MIXED:
        seconds = (shortest - 1) * train.front_end.hop_s
        raise PaperError(
            f"{share:.0%} of the training clips have the {seconds:.2f} s that mixing within the "
            "clip takes; the others would not be mixed"
        )
