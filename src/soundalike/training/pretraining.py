"""Pre-train on the clips of a store, into a run folder."""

import sys
import time
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
from torch import Tensor

from soundalike.datasets.clips import SourceError
from soundalike.datasets.splits import training_clips
from soundalike.datasets.store import Store
from soundalike.embedding.model_folder import delete_earlier_weights
from soundalike.embedding.settings import EmbeddingSettings
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.representation_measures import MEASURES
from soundalike.optim.schedules import warmup_note
from soundalike.recipes.errors import recipe_errors
from soundalike.recipes.sections import Recipe
from soundalike.runtime.atomic import write_text
from soundalike.runtime.counts import counted
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.ranks import is_first
from soundalike.training.announcement import announcement
from soundalike.training.construction import Pretraining, build_pretraining
from soundalike.training.fit_background import N_SOUNDS, with_background
from soundalike.training.fit_whitening import draw_windows, whitened
from soundalike.training.health_monitor import HealthMonitor
from soundalike.training.knn_monitor import KNNMonitor, monitored_clips
from soundalike.training.loop import LoopResult, run_to_end
from soundalike.training.monitor import Monitor
from soundalike.training.plan import TimeBudget
from soundalike.training.run_folder import RunFolder

MIN_RECORDINGS = 3


@dataclass(frozen=True)
class PretrainResult:
    """How far a pre-training has come, and how well it went.

    Args:
        n_steps: number of steps of the whole training.
        n_steps_done: number of steps so far.
        loss: loss of the last step.
        knn: score of the kNN monitor by epoch; empty without labels.
        epoch: epoch of the final model.
        seconds: training time, including earlier calls.
        health: measures of the last check, and `highest_rank`, the highest possible effective rank.
        verdict: the diagnosis in a few words.
        alarms: a message for each kind of problem.
        stopping_point: epoch after which training hardly improved anything, if there is one.
    """

    n_steps: int
    n_steps_done: int
    loss: float | None
    knn: dict[int, float]
    epoch: int
    seconds: float
    health: dict[str, float]
    verdict: str
    alarms: dict[str, str]
    stopping_point: int | None

    @property
    def is_finished(self) -> bool:
        """If false, training was interrupted."""
        return self.n_steps_done == self.n_steps


def pretrain(
    store: Store,
    run: RunFolder,
    recipe: Recipe,
    *,
    test_fold: str | None = None,
    init: SoundEncoder | None = None,
    init_audio: np.ndarray | None = None,
    seconds: float | None = None,
    extends: bool = False,
    progress: bool = True,
) -> PretrainResult:
    """Pre-train an encoder on the training clips of a store, or resume an interrupted run.

    All ranks of a distributed job call this; the first one writes. A resumed run writes the same
    metrics as an uninterrupted one (up to rounding if the number of ranks differs), unless
    `seconds` determines the number of steps. The final model is that of the epoch with the best kNN
    score on a labeled validation set, or else of the last epoch.

    Args:
        store: log-mels of all clips.
        run: where everything is written.
        recipe: resolved, as `read_recipe` returns it.
        test_fold: fold whose clips are not trained on.
        init: model to start from; its encoder and statistics are copied.
        init_audio: `AudioHash` of the clips that `init` has learned, which are recorded in the run
            with those of the store; by default, none is known.
        seconds: time for all of this function; by default the recipe says how many epochs
            there are. The schedule is laid out for this time.
        extends: If true, a finished run continues for `seconds`, with a new schedule.
        progress: If true, show a progress bar, and the settings on standard error.

    Raises:
        SourceError: there are too few training clips, or frames in object storage are damaged.
        StorageError: frames are in object storage, which cannot be read.
        RecipeError: a value of the recipe is out of range, or does not fit the clips.
        TrainingError: the loss is NaN or infinite.
        OSError: a file cannot be written.
    """
    start = time.monotonic()
    training_store = _training_store(store, test_fold)
    if training_store.fits_memory:
        training_store = training_store.downloaded()
    settings = recipe["training"]
    with recipe_errors():
        hardware = choose_hardware(settings["precision"], settings["memory_format"])
        knn = KNNMonitor(**recipe["monitor"])
        parts = build_pretraining(training_store, recipe, hardware, init)
    knn_store, may_select = monitored_clips(store, training_store)
    health = HealthMonitor(parts.training, parts.projector, knn.every_n_epochs)
    if progress:
        lines = announcement(training_store, knn, knn_store, may_select, health.n_clips)
        note = warmup_note(parts.training.schedule, parts.training.n_epochs)
        print(*filter(None, [*lines, note, f"runs on {hardware.name}"]), sep="\n", file=sys.stderr)
    if knn_store is not None:
        knn_store = knn.sample(knn_store).downloaded()
    if is_first():
        audio = [training_store.audio, *([] if init_audio is None else [init_audio])]
        write_text(run.training_audio, "\n".join(np.concatenate(audio).astype(str)))
    n_checked = 2 * health.n_clips + knn.n_patches(knn_store, parts.model.patch_frames)
    check_steps, closing_steps = _other_steps(parts, training_store, recipe, n_checked)
    left_s = None if seconds is None else seconds - (time.monotonic() - start)
    result = run_to_end(
        parts.training,
        run,
        save_model=lambda: parts.model.save(run.encoder),
        monitor=_monitor(parts, health, knn, knn_store, may_select, check_steps),
        budget=None if left_s is None else TimeBudget(left_s, closing_steps, extends),
        name="pretrain",
        closing_steps=closing_steps,
        progress=progress,
    )
    if result.is_finished and is_first():
        _complete_model(run, training_store, recipe, parts, progress)
    return _result(result, health)


def _result(result: LoopResult, health: HealthMonitor) -> PretrainResult:
    return PretrainResult(
        n_steps=result.n_steps,
        n_steps_done=result.n_steps_done,
        loss=result.loss,
        knn={cast(int, check["epoch"]): check["knn"] for check in result.checks if "knn" in check},
        epoch=result.epoch,
        seconds=result.seconds,
        **asdict(health.summary(result.checks, is_finished=result.is_finished)),
    )


def _training_store(store: Store, test_fold: str | None) -> Store:
    training_store = store.select(training_clips(store.clips, test_fold))
    is_silent = training_store.audio == b""
    n_recordings = len(np.unique(training_store.recordings[~is_silent]))
    if n_recordings < MIN_RECORDINGS:
        raise SourceError(
            f"{store.clips.name}: {counted(len(is_silent), 'training clip')}, {is_silent.sum():,} "
            f"of them silent, from {counted(n_recordings, 'recording')} with sound: contrastive "
            f"training needs at least {MIN_RECORDINGS}, and some hundreds to learn anything."
        )
    return training_store


def _monitor(
    parts: Pretraining,
    health: HealthMonitor,
    knn: KNNMonitor,
    knn_store: Store | None,
    may_select: bool,
    check_steps: float,
) -> Monitor:
    """Return the monitor that checks health and, if there are labels, nearest neighbors."""
    training, model = parts.training, parts.model

    def project(patches: Tensor) -> Tensor:
        return cast(Tensor, training.module(model.standardization(patches)))

    def check() -> dict[str, float]:
        scores = health.check()
        if knn_store is not None:
            device = training.fabric.device
            scores["knn"] = knn.score(knn_store, model.patch_frames, project, device)
        return scores

    knn_columns = [] if knn_store is None else ["knn"]
    return Monitor(
        [*knn_columns, *MEASURES],
        check,
        knn.every_n_epochs,
        selection_metric="knn" if may_select else None,
        bar_columns={**{name: name for name in knn_columns}, "rank": "effective_rank"},
        alarms=health.alarms,
        check_steps=check_steps,
    )


def _other_steps(
    parts: Pretraining, training_store: Store, recipe: Recipe, n_checked: int
) -> tuple[float, float]:
    """Estimate how many steps take as long as a check, and as the last check and all after it.

    A step computes two views of each clip, forward and backward, which takes as long as three
    forward passes.
    """
    lengths = np.minimum(training_store.n_frames, parts.model.windows.n_frames)
    n_sounds = min(N_SOUNDS, len(lengths))
    n_patches = n_checked + n_sounds * float(lengths.mean()) / parts.model.patch_frames
    if EmbeddingSettings(**recipe["embedding"]).whiten:
        windows = draw_windows(parts.model, training_store, np.random.default_rng(0))
        n_patches += windows[:, 1].sum() / parts.model.patch_frames
    n_patches_per_step = 6 * parts.training.batch_size
    return n_checked / n_patches_per_step, float(n_patches / n_patches_per_step)


def _complete_model(
    run: RunFolder, training_store: Store, recipe: Recipe, parts: Pretraining, progress: bool
) -> None:
    """Whiten the final model of a finished run, if the recipe says so, and add its background."""
    n_components = EmbeddingSettings(**recipe["embedding"]).whiten
    seed = recipe["training"]["seed"]
    model = SoundEncoder.load(run.encoder)
    if model.background is not None:
        delete_earlier_weights(run.encoder)  # the process may have been killed before it did
        return
    model.to(parts.training.fabric.device)
    if n_components and not model.whitening:
        model = whitened(model, training_store, n_components, seed, progress=progress)
    with_background(model, training_store, seed, progress=progress).save(run.encoder)
