"""End-to-end fine-tuning, and the same network from scratch, on labeled clips.

Fonseca et al. 2021: an encoder that was pre-trained without labels is trained on with them, all of
its weights, under a new linear layer. From scratch is the same training from random weights.
"""

import copy
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import SourceError
from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.downstream.features import embeddings
from soundalike.downstream.linear import fit_linear, take_over
from soundalike.downstream.supervised import SupervisedSettings, SupervisedTraining
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import score
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.models.encoder import build_encoder
from soundalike.optim.optimizers import OPTIMIZERS
from soundalike.optim.schedules import SCHEDULES
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.hardware import Hardware, choose_hardware
from soundalike.training.loop import run_to_end
from soundalike.training.monitor import Monitor
from soundalike.training.run_folder import RunFolder

N_LEVELS = 5  # that each clip is heard at where its level is drawn by chance


@dataclass(frozen=True)
class Outcome:
    """What a supervised training came to.

    Args:
        scores: class probabilities of the test clips.
        test_score: their metric (`soundalike.evaluation.metrics.score`); NaN where there are none.
        validation_score: that of the epoch that was kept, on the validation clips.
        epoch: that epoch, counted from 1.
        seconds: how long it took to train and to score the test clips.

    Shape:
        scores: [test clips, classes].
    """

    scores: np.ndarray
    test_score: float
    validation_score: float | None
    epoch: int
    seconds: float


def fine_tune(
    store: Store,
    split: Split,
    run: RunFolder,
    recipe: Recipe,
    *,
    model: SoundEncoder | None = None,
    progress: bool = True,
) -> Outcome:
    """Train an encoder and a linear layer on labeled clips, or go on where a run stopped.

    The epoch is chosen by the validation clips, where there are some; the test clips are scored
    once, by the classifier that is kept in the run.

    Args:
        store: log-mels of all clips.
        split: which clips train, choose and test.
        run: where everything goes.
        recipe: of the kind "supervised", resolved.
        model: what to start from; left as it is. Without it the recipe's encoder starts from random
            weights.
        progress: whether to show a progress bar and say what was chosen, on standard error.

    Raises:
        KeyboardInterrupt: it was stopped; the same call goes on.
        SourceError: there are too few clips to learn from.
        RecipeError: a value of the recipe will not do.
        TrainingError: the loss is no number any more.
        OSError: a file cannot be written.
    """
    if len(split.train) < 2:
        raise SourceError(f"{store.clips.name}: {len(split.train)} labeled clips to learn from.")
    labels = store.clips.labels()
    heard, validation = store.select(split.train), store.select(split.validation)
    recipe = _for_labels(recipe, labels.is_multi_label)
    given = recipe["training"]
    if given["linear_probe_init"] and model is None:
        raise RecipeError(
            "training.linear_probe_init is for a model, and this training is from scratch."
        )
    hardware = choose_hardware(given["precision"], given["memory_format"])
    with recipe_errors():
        training, classifier = _assemble(heard, labels.select(split.train), recipe, hardware, model)
    monitor = None
    if len(split.validation):

        def check() -> dict[str, float]:
            with training.fabric.autocast():
                scores = classifier.clip_probabilities(validation)
            return {"validation": score(labels.values[split.validation], scores)}

        monitor = Monitor(
            ["validation"],
            check,
            recipe["training"]["validate_every_n_epochs"],
            selection_metric="validation",
            bar_columns={"validation": "validation"},
        )
    if progress:
        for line in _what_happens(heard, validation, model, hardware):
            print(line, file=sys.stderr)
    result = run_to_end(
        training,
        run,
        lambda: classifier.save(run.path),
        monitor,
        name="fine-tune" if model else "from scratch",
        progress=progress,
    )
    if not result.is_finished:
        raise KeyboardInterrupt
    trained = time.monotonic()
    validation_scores = {check["epoch"]: check["validation"] for check in result.checks}
    kept = SoundClassifier.load(run.path).to(training.fabric.device)
    scores = kept.clip_probabilities(store.select(split.test))
    return Outcome(
        scores=scores,
        test_score=score(labels.values[split.test], scores) if len(split.test) else math.nan,
        validation_score=validation_scores.get(result.epoch),
        epoch=result.epoch,
        seconds=round(result.seconds + time.monotonic() - trained, 1),
    )


def _for_labels(recipe: Recipe, multi_label: bool) -> Recipe:
    """Take the binary cross entropy where clips have several labels."""
    loss = recipe["loss"]["name"]
    if multi_label and loss not in ("cross_entropy", "binary_cross_entropy"):
        raise RecipeError(
            f"loss.name is {loss}, which is for one label a clip; these clips have several: take "
            "binary_cross_entropy."
        )
    if not multi_label and loss == "binary_cross_entropy":
        raise RecipeError("loss.name is binary_cross_entropy, and these clips have one label each.")
    return recipe | {"loss": {"name": "binary_cross_entropy"}} if multi_label else recipe


def _what_happens(
    heard: Store, validation: Store, model: SoundEncoder | None, hardware: Hardware
) -> Iterator[str]:
    start = "a model" if model else "random weights"
    yield f"learns from {len(heard.clips):,} labeled clips, {heard.hours:.2f} h, from {start}"
    if len(validation.clips):
        yield f"selects the epoch by {len(validation.clips):,} validation clips"
    else:
        yield "keeps the last epoch: there are no validation clips"
    yield f"runs on {hardware.why}"


def _assemble(
    heard: Store,
    labels: Labels,
    recipe: Recipe,
    hardware: Hardware,
    model: SoundEncoder | None,
) -> tuple[SupervisedTraining, SoundClassifier]:
    """Build everything that a recipe names, and the classifier that is trained."""
    settings = SupervisedSettings(**recipe["training"])
    fabric = hardware.fabric()
    torch.manual_seed(settings.seed)
    classifier = SoundClassifier(
        _copy(model, settings) if model else _new_ear(heard, recipe["encoder"], settings),
        labels.classes,
        multi_label=labels.is_multi_label,
        clip_score=settings.clip_score,
    )
    if settings.linear_probe_init:
        levels = settings.gain_db * np.linspace(-1, 1, N_LEVELS if settings.gain_db else 1)
        patches = embeddings(classifier.model, heard, levels)
        nothing = np.zeros(0, dtype=np.int64)
        of_all = Split("all", np.arange(len(labels)), nothing, nothing)
        probe = fit_linear(patches, labels.values, labels.n_classes, of_all, settings.seed)
        take_over(probe, classifier)
    hardware.lay_out(classifier)
    training = SupervisedTraining(
        fabric=fabric,
        classifier=classifier,
        optimizer=build(OPTIMIZERS, recipe["optimizer"], classifier.parameters()),
        schedule=build(SCHEDULES, recipe["schedule"]),
        criterion=build(CLASSIFICATION_LOSSES, recipe["loss"]),
        frames=heard.as_frames().to(fabric.device),
        labels=labels.values,
        settings=settings,
    )
    return training, classifier


def _new_ear(
    heard: Store, encoder_settings: dict[str, Any], settings: SupervisedSettings
) -> SoundEncoder:
    """Return a model with random weights and the statistics of the training clips."""
    front_end = heard.front_end
    patch_s = (settings.patch_frames - 1) * front_end.hop_s
    front_end = replace(front_end, min_duration_s=max(front_end.min_duration_s, patch_s))
    encoder = build_encoder(encoder_settings, front_end.n_mels)
    if settings.patch_frames < encoder.min_frames:
        raise ValueError(f"its encoder needs patch_frames of at least {encoder.min_frames}.")
    standardization = Standardization(*log_mel_mean_and_std(heard))
    return SoundEncoder(
        encoder, encoder_settings, front_end, standardization, _patch_windows(settings)
    )


def _copy(model: SoundEncoder, settings: SupervisedSettings) -> SoundEncoder:
    """Return a model to train: the whole one, or its encoder without windows and whitening."""
    if settings.linear_probe_init:
        return copy.deepcopy(model).cpu()
    encoder = build_encoder(model.encoder_settings, model.front_end.n_mels)
    encoder.load_state_dict(model.encoder.state_dict())
    settings = replace(settings, patch_frames=model.patch_frames)
    return SoundEncoder(
        encoder,
        model.encoder_settings,
        model.front_end,
        model.standardization,
        _patch_windows(settings),
    )


def _patch_windows(settings: SupervisedSettings) -> Windows:
    return Windows.half_overlapping(settings.patch_frames, align_last=settings.align_last_window)
