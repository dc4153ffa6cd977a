"""Pre-training from a store to a run folder: set up, monitor, write down, stop and go on."""

import contextlib
import logging
import math
import sys
import time
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

import lightning_fabric
import torch
from tqdm import tqdm

from soundalike.datasets.clips import SourceError
from soundalike.datasets.splits import heard_in_training
from soundalike.datasets.stopping import StopSignal
from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses import LOSSES
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.hardware import Hardware, choose_hardware, keep_freed_memory, place_frames
from soundalike.training.knn_monitor import KNNMonitor, monitored_clips
from soundalike.training.optimizers import OPTIMIZERS, SCHEDULES
from soundalike.training.recipe import Recipe, RecipeError
from soundalike.training.run_folder import Metrics, Row, RunFolder
from soundalike.training.statistics import log_mel_statistics
from soundalike.views.pair import PairOfViews

SECONDS_PER_CHECKPOINT = 60.0
STEPS_PER_FLUSH = 10  # losses are fetched from the device, checked and written this often


class TrainingError(Exception):
    """Training cannot go on: one plain line that says what to look at."""


def pretrain(
    store: Store,
    run: RunFolder,
    recipe: Recipe,
    *,
    test_fold: str | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Pre-train an encoder on the training clips of a store, or go on where a run stopped.

    A run that was stopped and resumed writes the same metrics as one that was not. The trained ear
    is that of the epoch with the best kNN accuracy where a validation set can tell, otherwise the
    last.

    Args:
        store: log-mels of all clips.
        run: where everything goes.
        recipe: resolved, as `read_recipe` returns it.
        test_fold: fold whose clips are not heard.
        progress: whether to show a progress bar and say what was chosen, on standard error.

    Returns:
        Numbers of the run: `n_steps`, `n_steps_done`, `loss` of the last step, `knn` accuracies by
        epoch, `seconds` of this call.

    Raises:
        SourceError: there are too few clips to learn from.
        RecipeError: a value of the recipe will not do.
        TrainingError: the loss is no number any more.
        OSError: a file cannot be written.
    """
    heard = store.select(heard_in_training(store, test_fold))
    if len(heard.clips) < 3:
        raise SourceError(
            f"{store.clips.name}: {len(heard.clips)} clips to learn from: contrasting sounds takes "
            "at least 3, and some hundreds to learn anything."
        )
    return _Pretraining(store, heard, run, recipe, progress).run_to_end()


class _Pretraining:
    """A pre-training under way: what `pretrain` keeps between steps."""

    def __init__(
        self, store: Store, heard: Store, run: RunFolder, recipe: Recipe, progress: bool
    ) -> None:
        self.run = run
        self.monitored, self.monitor_chooses = monitored_clips(store, heard)
        self.hardware = choose_hardware(recipe["training"]["precision"])
        try:
            self.monitor = KNNMonitor(**recipe["monitor"])
            self.training, self.ear = _assemble(heard, recipe, self.hardware)
        except ValueError as error:  # each key is known and of its type, but its value will not do
            raise RecipeError(f"the recipe cannot be used: {error}") from None
        self.state = {
            "projector": self.training.projector,
            "optimizer": self.training.optimizer,
            "step": 0,
            "best_knn": -1.0,
        }
        run.load(self.training.fabric, self.state)
        if progress:
            self._say_what_happens(store, heard)
        self.metrics = Metrics(run, self.state["step"])
        self.shown: dict[str, str] = {}
        self.bar = tqdm(
            total=self.training.n_steps,
            initial=self.state["step"],
            desc="pretrain",
            unit=" steps",
            disable=not progress,
        )

    def _say_what_happens(self, store: Store, heard: Store) -> None:
        monitor = "no clips by kNN: it needs labels, two classes with two clips each at least"
        if self.monitored is not None:
            chooses = ", which choose the epoch" if self.monitor_chooses else ""
            monitor = f"{len(self.monitored.clips):,} labelled clips by kNN{chooses}"
        print(
            f"hears {len(heard.clips):,} clips, {heard.hours:.2f} h, of {store.clips.name}\n"
            f"monitors {monitor}\n"
            f"runs on {self.hardware.why}",
            file=sys.stderr,
        )

    def run_to_end(self) -> dict[str, Any]:
        """Take the steps that are left; return the numbers of the run."""
        began = saved = time.monotonic()
        training, state = self.training, self.state
        training.projector.train()
        with StopSignal() as stop, self.bar, contextlib.closing(self.metrics):
            while state["step"] < training.n_steps and not stop.is_set:
                row = {
                    "step": state["step"] + 1,
                    "epoch": state["step"] // training.steps_per_epoch + 1,
                    "learning_rate": training.learning_rate(state["step"]),
                    "loss": training.step(state["step"]),
                    "seconds": round(time.monotonic() - began, 3),
                }
                state["step"] += 1
                if state["step"] % training.steps_per_epoch == 0:
                    row |= self._look(row)
                if self.metrics.add(row) >= STEPS_PER_FLUSH:
                    self._write_down()
                if time.monotonic() - saved > SECONDS_PER_CHECKPOINT:
                    self._save()
                    saved = time.monotonic()
                self.bar.update()
            self._save()
        rows = self.metrics.rows()
        knn = "knn_balanced_accuracy"
        return {
            "n_steps": training.n_steps,
            "n_steps_done": state["step"],
            "loss": float(rows[-1]["loss"]) if rows else None,
            knn: {int(row["epoch"]): float(row[knn]) for row in rows if row[knn]},
            "seconds": round(time.monotonic() - began, 1),
        }

    def _look(self, row: Row) -> Row:
        """Monitor the epoch that a row ends if it is due, and keep its ear if it is the best."""
        settings = self.training.settings
        if self.monitored is None or not self.monitor.is_due(int(row["epoch"]), settings.n_epochs):
            return {}
        self._refuse_no_number(row)

        def project(patches: torch.Tensor) -> torch.Tensor:
            return self.training.projector((patches - self.ear.mean) / self.ear.std)

        self.training.projector.eval()
        device = self.training.fabric.device
        accuracy = self.monitor.score(self.monitored, self.ear.patch_frames, project, device)
        self.training.projector.train()
        self.shown["kNN"] = f"{accuracy:.3f}"
        if self.monitor_chooses and accuracy > self.state["best_knn"]:
            self.state["best_knn"] = accuracy
            self._write_down()
            self.ear.save(self.run.encoder)
        return {"knn_balanced_accuracy": accuracy}

    def _write_down(self) -> None:
        """Write the waiting metrics; stop if a loss among them is no number."""
        for row in self.metrics.flush():
            self._refuse_no_number(row)
            self.shown["loss"] = f"{row['loss']:.3f}"
        self.bar.set_postfix(self.shown, refresh=False)

    def _refuse_no_number(self, row: Mapping[str, float | torch.Tensor]) -> None:
        if not math.isfinite(row["loss"]):
            raise TrainingError(
                f"{self.run.path}: the loss is {float(row['loss'])} at step {int(row['step'])} "
                f"(epoch {int(row['epoch'])}): try a lower optimizer.lr, a higher loss.temperature "
                "or training.precision 32-true; `soundalike scan` finds damaged sounds."
            )

    def _save(self) -> None:
        """Save where the run is, after the metrics up to there."""
        self._write_down()
        if not self.monitor_chooses or self.state["best_knn"] < 0:
            self.ear.save(self.run.encoder)
        self.run.save(self.training.fabric, self.state)


def _assemble(
    heard: Store, recipe: Recipe, hardware: Hardware
) -> tuple[ContrastiveTraining, SoundEncoder]:
    """Build everything that a recipe names, and the ear that shares the training's encoder."""
    settings = TrainingSettings(**recipe["training"])
    keep_freed_memory()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we say what was chosen
    fabric = lightning_fabric.Fabric(
        accelerator=hardware.accelerator,
        devices=1,
        precision=hardware.precision,  # type: ignore[arg-type]
    )
    mean, std = log_mel_statistics(heard)
    views = PairOfViews(**recipe["views"], n_bands=heard.log_mel.n_mels, mean=mean, std=std)
    shortest = int(heard.n_frames.min())
    if views.patch_frames > shortest:
        raise ValueError(
            f"views.patch_frames is {views.patch_frames} and the shortest clip has {shortest} "
            "frames: prepare with a higher log_mel.min_duration_s, or take shorter patches."
        )
    torch.manual_seed(settings.seed)
    encoder = build_encoder(recipe["encoder"])
    if views.patch_frames < encoder.min_frames:
        raise ValueError(f"the encoder needs views.patch_frames of at least {encoder.min_frames}.")
    head = ProjectionHead(encoder.dim, **recipe["head"])
    projector = hardware.lay_out(Projector(encoder, head))
    training = ContrastiveTraining(
        fabric=fabric,
        projector=projector,
        optimizer=_build(OPTIMIZERS, recipe["optimizer"], projector.parameters()),
        schedule=_build(SCHEDULES, recipe["schedule"]),
        criterion=_build(LOSSES, recipe["loss"]),
        views=views,
        frames=place_frames(heard.frames, fabric.device),
        offsets=heard.offsets,
        n_frames=heard.n_frames,
        settings=settings,
    )
    ear = SoundEncoder(encoder, recipe["encoder"], heard.log_mel, views.patch_frames, mean, std)
    return training, ear


def _build(table: Mapping[str, str], section: Mapping[str, Any], *given: Any) -> Any:
    """Build what a recipe's section names in a table."""
    arguments = {key: value for key, value in section.items() if key != "name"}
    return resolve_name(table[section["name"]])(*given, **arguments)
