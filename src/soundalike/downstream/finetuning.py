"""End-to-end fine-tuning, and the same training from scratch, on labeled clips.

Fonseca et al. 2021: all weights of a pre-trained encoder are trained with labels under a new linear
layer. From scratch is the same training from random weights.
"""

import copy
import sys
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
from soundalike.downstream.heads import with_heads
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.supervised import SupervisedSettings, SupervisedTraining
from soundalike.downstream.supervised_recipe import loss_for_labels
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import score
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.models.encoder import build_encoder, check_patches
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.optim.schedules import warmup_note
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.counts import counted, format_duration
from soundalike.runtime.hardware import Hardware, choose_hardware
from soundalike.training.construction import training_data_in_words
from soundalike.training.loop import run_to_end
from soundalike.training.monitor import Monitor
from soundalike.training.run_folder import RunFolder

N_LEVELS = 5  # of each window that the initial linear classifier is fitted to


@dataclass(frozen=True)
class FineTuned:
    """A network trained with labels.

    Args:
        classifier: that of the best epoch on the validation clips, or of the last.
        validation_score: its score (`soundalike.evaluation.metrics.score`) on these clips.
        epoch: that epoch, counted from 1.
        seconds: duration of the training.
    """

    classifier: SoundClassifier
    validation_score: float | None
    epoch: int
    seconds: float

    def scores(self, store: Store) -> np.ndarray:
        """Return class probabilities without a temperature, which they choose: [clips, classes]."""
        return self.classifier.clip_probabilities(store, calibrated=False)


def fine_tune(
    store: Store,
    split: Split,
    run: RunFolder,
    recipe: Recipe,
    *,
    model: SoundEncoder | None = None,
    n_more: int = 0,
    progress: bool = True,
) -> FineTuned:
    """Train an encoder and a linear layer on labeled clips. Interrupted runs resume.

    Validation clips choose the epoch, if there are any. Test clips are not used.

    Args:
        store: log-mels of all clips.
        split: which clips train and validate.
        run: folder of the run.
        recipe: resolved, of the kind `SUPERVISED`.
        model: the pre-trained model, which does not change. Without it, the recipe's encoder is
            trained from random weights.
        n_more: number of such trainings that follow; how long all take is said on the way.
        progress: If true, a progress bar and the choices made are shown on standard error.

    Raises:
        KeyboardInterrupt: the training was interrupted; the same call resumes it.
        SourceError: there are too few labeled clips.
        RecipeError: a value of the recipe cannot be used.
        TrainingError: the loss is not finite.
        OSError: a file cannot be written.
    """
    if len(split.train) < 2:
        raise SourceError(
            f"{store.clips.name}: {counted(len(split.train), 'labeled clip')} to train on."
        )
    labels = store.clips.labels()
    train, validation = store.select(split.train), store.select(split.validation)
    recipe = recipe | {"loss": loss_for_labels(recipe["loss"], labels)}
    settings = recipe["training"]
    if settings["linear_probe_init"] and model is None:
        raise RecipeError(
            "training.linear_probe_init is for a model, and this training is from scratch."
        )
    with recipe_errors():
        hardware = choose_hardware(settings["precision"], settings["memory_format"])
        training = _build_training(train, labels.select(split.train), recipe, hardware, model)
    monitor = None
    if len(split.validation):
        validation_labels = labels.select(split.validation)
        every_n_epochs = settings["validate_every_n_epochs"]
        monitor = _validation_monitor(training, validation, validation_labels, every_n_epochs)
    if progress:
        lines = [*_choices(train, validation, model), f"runs on {hardware.name}"]
        note = warmup_note(training.schedule, training.n_epochs)
        print(*filter(None, [*lines, note]), sep="\n", file=sys.stderr)
    result = run_to_end(
        training,
        run,
        lambda: training.classifier.save(run.path),
        monitor,
        name="fine-tune" if model else "from scratch",
        whole=f"{n_more + 1} trainings" if n_more else "",
        closing_steps=n_more * training.plan.n_steps,
        progress=progress,
    )
    if not result.is_finished:
        raise KeyboardInterrupt
    validation_scores = {check["epoch"]: check["validation"] for check in result.checks}
    return FineTuned(
        classifier=SoundClassifier.load(run.path).to(training.fabric.device),
        validation_score=validation_scores.get(result.epoch),
        epoch=result.epoch,
        seconds=result.seconds,
    )


def _validation_monitor(
    training: SupervisedTraining, validation: Store, labels: Labels, every_n_epochs: int
) -> Monitor:
    """Return a monitor that selects the epoch with the best score on the validation clips."""

    def validate() -> dict[str, float]:
        with training.fabric.autocast():
            scores = training.classifier.clip_probabilities(validation)
        return {"validation": score(labels.values, scores)}

    return Monitor(
        ["validation"],
        validate,
        every_n_epochs,
        selection_metric="validation",
        bar_columns={"validation": "validation"},
        check_steps=training.steps_of_scoring(validation.n_frames),
    )


def _choices(train: Store, validation: Store, model: SoundEncoder | None) -> Iterator[str]:
    n_clips = counted(len(train.clips), "labeled clip")
    start = "a model" if model else "random weights"
    yield f"trains on {n_clips}, {format_duration(3600 * train.hours)}, from {start}"
    if len(validation.clips):
        yield f"selects the epoch on {counted(len(validation.clips), 'validation clip')}"
    else:
        yield "keeps the last epoch: there are no validation clips"


def _build_training(
    train: Store, labels: Labels, recipe: Recipe, hardware: Hardware, model: SoundEncoder | None
) -> SupervisedTraining:
    """Build the classifier and all other parts that the recipe names."""
    settings = SupervisedSettings(**recipe["training"])
    fabric = hardware.fabric()
    torch.manual_seed(settings.seed)
    classifier = SoundClassifier(
        _copy(model, settings) if model else _new_model(train, recipe["encoder"], settings),
        labels.classes,
        multi_label=labels.is_multi_label,
        clip_score=settings.clip_score,
    )
    classifier.model.training_data = training_data_in_words(train, model)
    if settings.linear_probe_init:
        _fit_linear_layer(classifier, train, labels, settings)
    criterion: ClassificationLoss = build(CLASSIFICATION_LOSSES, recipe["loss"])
    criterion.prepare(len(labels), labels.n_classes)
    network = with_heads(classifier, criterion.n_heads)
    hardware.lay_out(network)
    return SupervisedTraining(
        fabric=fabric,
        classifier=classifier,
        network=network,
        optimizer=build(OPTIMIZERS, recipe["optimizer"], network.parameters()),
        schedule=build(SCHEDULES, recipe["schedule"]),
        criterion=criterion,
        frames=train.as_frames().to(fabric.device),
        labels=labels.values,
        settings=settings,
    )


def _fit_linear_layer(
    classifier: SoundClassifier, train: Store, labels: Labels, settings: SupervisedSettings
) -> None:
    """Fit the linear layer to the training clips at several levels; the encoder stays frozen."""
    gains_db = settings.gain_db * np.linspace(-1, 1, N_LEVELS if settings.gain_db else 1)
    features = replace(embeddings(classifier.model, train, gains_db), labels=labels)
    nothing = np.zeros(0, dtype=np.int64)
    split = Split("all", np.arange(len(labels)), nothing, nothing)
    fit_linear(features, split, settings.seed).copy_to(classifier)


def _new_model(
    train: Store, encoder_settings: dict[str, Any], settings: SupervisedSettings
) -> SoundEncoder:
    """Return a model with random weights and the statistics of the training clips."""
    front_end = train.front_end
    patch_s = (settings.patch_frames - 1) * front_end.hop_s
    front_end = replace(front_end, min_duration_s=max(front_end.min_duration_s, patch_s))
    encoder = build_encoder(encoder_settings, front_end.n_mels)
    if settings.patch_frames < encoder.min_frames:
        raise ValueError(f"its encoder needs patch_frames of at least {encoder.min_frames}.")
    check_patches(encoder, settings.patch_frames, front_end.n_mels)
    standardization = Standardization(*log_mel_mean_and_std(train))
    windows = Windows.half_overlapping(settings.patch_frames, align_last=settings.align_last_window)
    return SoundEncoder(encoder, encoder_settings, front_end, standardization, windows)


def _copy(model: SoundEncoder, settings: SupervisedSettings) -> SoundEncoder:
    """Return a model to train: all of it, or its encoder with windows of one patch."""
    if settings.linear_probe_init:
        return copy.deepcopy(model).cpu()
    encoder = build_encoder(model.encoder_settings, model.front_end.n_mels)
    encoder.load_state_dict(model.encoder.state_dict())
    windows = Windows.half_overlapping(model.patch_frames, align_last=settings.align_last_window)
    return SoundEncoder(
        encoder, model.encoder_settings, model.front_end, model.standardization, windows
    )
