"""One cell: train what a row says with one seed, and measure it."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import SourceError
from soundalike.datasets.label_noise import with_label_noise
from soundalike.datasets.splits import Split, evaluation_splits, training_clips, with_splits
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.downstream.features import log_mel_statistics, untrained_twin
from soundalike.downstream.finetuning import Outcome, fine_tune
from soundalike.downstream.protocols import PROTOCOLS, linear_evaluation
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import metric_name, score
from soundalike.models.encoder import build_encoder
from soundalike.paper.budgets import Budget
from soundalike.paper.results import Cell
from soundalike.paper.rows import Row, Table
from soundalike.recipes.errors import RecipeError
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.loop import TrainingError
from soundalike.training.pretraining import pretrain
from soundalike.training.run_folder import RunFolder

PRETRAINING, SUPERVISED = "pretraining", "supervised"
NUMBERS = "numbers.json"


@dataclass(frozen=True)
class Bench:
    """Where cells are made; a seed is that of trainings, of splits and of label noise alike.

    Args:
        out: folder of all trainings.
        store: log-mels of all clips.
        budget: changes of all recipes.
        label_noise: share of the training clips that get a wrong label.
        progress: whether to show a progress bar for each training.
    """

    out: Path
    store: Store
    budget: Budget
    label_noise: float = 0.0
    progress: bool = False

    def clips(self, seed: int) -> Store:
        """Return the clips of a seed, in splits and with its wrong labels.

        Raises:
            SourceError: they cannot be split, or given wrong labels.
        """
        store = with_splits(self.store, seed)
        return with_label_noise(store, self.label_noise, seed) if self.label_noise else store

    def make(self, table: Table, row: Row, seed: int) -> Cell:
        """Train and measure; a training that cannot go on is a cell that failed.

        Raises:
            KeyboardInterrupt: it was stopped; the same call goes on.
            OSError: a file cannot be written.
        """
        try:
            numbers = self._measure(row, seed)
        except (TrainingError, RecipeError, SourceError) as error:
            numbers = {"failed": str(error)}
        return Cell(table.name, row.name, seed, **numbers)

    def has_pretrained(self, row: Row, seed: int) -> bool:
        """Tell whether the pre-training of a row is done, or has failed."""
        return (self._pretraining(row, seed).path / NUMBERS).exists()

    def _measure(self, row: Row, seed: int) -> dict[str, Any]:
        store = self.clips(seed)
        labels = store.clips.labels().values
        (split,) = evaluation_splits(store, "clean" if row.task == "clean" else "noisy", seed)
        metric = {"metric": metric_name(labels)}
        if row.start == "log-mel statistics":
            return metric | self._classify_statistics(row, store, split, seed)
        if row.start == "from scratch":
            return metric | _numbers(self._fine_tune(row, store, split, seed, None))
        before: dict[str, Any] = {"knn": None, "seconds": 0.0}
        if row.start == "pretrained":
            before = self._pretrain(row, store, seed)
            model = SoundEncoder.load(self._pretraining(row, seed).encoder)
        else:
            heard = store.select(training_clips(store.clips))
            model = untrained_twin(self._new_ear(row, store, seed), heard, seed)
        model.to(choose_hardware().accelerator)
        if row.task == "linear":
            n_epochs = self.budget.n_linear_epochs
            outcome = linear_evaluation(model, store, split, n_epochs=n_epochs, seed=seed)
        else:
            outcome = self._fine_tune(row, store, split, seed, model)
        numbers = metric | _numbers(outcome) | {"knn": before["knn"]}
        return numbers | {"seconds": round(before["seconds"] + outcome.seconds, 1)}

    def _pretraining(self, row: Row, seed: int) -> RunFolder:
        return RunFolder(self.out / PRETRAINING / row.configuration / f"seed-{seed}")

    def _pretrain(self, row: Row, store: Store, seed: int) -> dict[str, Any]:
        """Pre-train, or return the numbers of the row that did so with the same configuration."""
        run = self._pretraining(row, seed)
        if not (run.path / NUMBERS).exists():
            recipe = self.budget.pretraining_recipe(row, seed, len(training_clips(store.clips)))
            run.configure(
                source=store.clips.name, clips=store.fingerprint, test_fold=None, recipe=recipe
            )
            try:
                result = pretrain(store, run, recipe, progress=self.progress)
            except TrainingError as error:
                _write(run.path / NUMBERS, {"failed": str(error)})
                raise
            if not result.is_finished:
                raise KeyboardInterrupt
            best_knn = max(result.knn.values(), default=None)
            _write(run.path / NUMBERS, {"knn": best_knn, "seconds": result.seconds})
        run.checkpoint.unlink(missing_ok=True)  # of no more use, and twice as large as the model
        numbers = json.loads((run.path / NUMBERS).read_text())
        if "failed" in numbers:
            raise TrainingError(numbers["failed"])
        return numbers

    def _fine_tune(
        self, row: Row, store: Store, split: Split, seed: int, model: SoundEncoder | None
    ) -> Outcome:
        start = "scratch" if model is None else "pretrained"
        folder = f"{row.task}-{start}-{row.configuration}"
        run = RunFolder(self.out / SUPERVISED / folder / f"seed-{seed}")
        recipe = self.budget.supervised_recipe(row, seed, len(split.train))
        run.configure(source=store.clips.name, clips=store.fingerprint, recipe=recipe)
        outcome = fine_tune(store, split, run, recipe, model=model, progress=self.progress)
        run.checkpoint.unlink(missing_ok=True)
        return outcome

    def _new_ear(self, row: Row, store: Store, seed: int) -> SoundEncoder:
        """Return the row's encoder with random weights and the statistics of the clips heard."""
        heard = store.select(training_clips(store.clips))
        recipe = self.budget.pretraining_recipe(row, seed, len(heard.clips))
        settings, patch_frames = recipe["encoder"], recipe["views"]["patch_frames"]
        return SoundEncoder(
            build_encoder(settings, store.front_end.n_mels),
            settings,
            store.front_end,
            Standardization(*log_mel_mean_and_std(heard)),
            Windows.half_overlapping(patch_frames),
        )

    def _classify_statistics(
        self, row: Row, store: Store, split: Split, seed: int
    ) -> dict[str, Any]:
        """Classify without a network: the statistics are standardized first, unlike h."""
        began = time.monotonic()
        patches = log_mel_statistics(self._new_ear(row, store, seed), store)
        labels = store.clips.labels()
        scores = PROTOCOLS["linear"](patches, labels.values, labels.n_classes, split, seed)
        seconds = round(time.monotonic() - began, 1)
        return {"score": score(labels.values[split.test], scores), "seconds": seconds}


def _numbers(outcome: Outcome) -> dict[str, Any]:
    return {
        "score": outcome.test_score,
        "validation_score": outcome.validation_score,
        "epoch": outcome.epoch,
        "seconds": outcome.seconds,
    }


def _write(path: Path, numbers: dict[str, Any]) -> None:
    with atomic_write(path) as beside:
        beside.write_text(json.dumps(numbers, indent=1) + "\n")
