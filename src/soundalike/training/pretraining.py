"""Pre-training from a store to a run folder: what a recipe names is built, monitored and run."""

import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import SourceError
from soundalike.datasets.identical import first_with_hash
from soundalike.datasets.splits import training_clips
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.embedding.settings import EmbeddingSettings
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.representation_measures import MEASURES
from soundalike.losses import LOSSES
from soundalike.losses.byol import BYOL
from soundalike.losses.sup_con import SupCon
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim.optimizers import OPTIMIZERS
from soundalike.optim.schedules import SCHEDULES
from soundalike.recipes.errors import recipe_errors
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.hardware import Hardware, choose_hardware, place_frames
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.fit_whitening import whitened
from soundalike.training.health_monitor import HealthMonitor
from soundalike.training.knn_monitor import KNNMonitor, monitored_clips
from soundalike.training.loop import Monitor, run_to_end
from soundalike.training.momentum import MomentumProjector, MomentumTraining
from soundalike.training.run_folder import RunFolder
from soundalike.training.segments import cut_into_segments
from soundalike.views.pair import PairOfViews


def pretrain(
    store: Store,
    run: RunFolder,
    recipe: Recipe,
    *,
    test_fold: str | None = None,
    init: SoundEncoder | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Pre-train an encoder on the training clips of a store, or go on where a run stopped.

    A resumed run writes the same metrics as an uninterrupted one. The trained model
    is that of the epoch with the best kNN accuracy where a validation set can tell, otherwise the
    last.

    Args:
        store: log-mels of all clips.
        run: where everything goes.
        recipe: resolved, as `read_recipe` returns it.
        test_fold: fold whose clips are not heard.
        init: model to go on from; its encoder and its statistics are taken over, and left as they
            are themselves.
        progress: whether to show a progress bar and say what was chosen, on standard error.

    Returns:
        Numbers of the run: `n_steps`, `n_steps_done`, `loss` of the last step, `knn` scores by
        epoch where there are labels, the `epoch` that was kept, `seconds` of training, and what
        `soundalike.evaluation.diagnosis` says: `health`, `verdict`, `alarms`, `stopping_point`.

    Raises:
        SourceError: there are too few clips to learn from.
        RecipeError: a value of the recipe will not do.
        TrainingError: the loss is no number any more.
        OSError: a file cannot be written.
    """
    heard = store.select(training_clips(store.clips, test_fold))
    if len(heard.clips) < 3:
        raise SourceError(
            f"{store.clips.name}: {len(heard.clips)} clips to learn from: contrasting sounds takes "
            "at least 3, and some hundreds to learn anything."
        )
    given = recipe["training"]
    hardware = choose_hardware(given["precision"], given["memory_format"])
    with recipe_errors():
        knn = KNNMonitor(**recipe["monitor"])
        training, model, projector = _assemble(heard, recipe, hardware, init)
    monitored, selection_metric = monitored_clips(store, heard)

    def project(patches: torch.Tensor) -> torch.Tensor:
        return training.module(model.standardization(patches))

    def look() -> dict[str, float]:
        found = health.look()
        if monitored is not None:
            found["knn"] = knn.score(monitored, model.patch_frames, project, training.fabric.device)
        return found

    health = HealthMonitor(training, projector, knn.every_n_epochs)
    scores = [] if monitored is None else ["knn"]
    monitor = Monitor(
        [*scores, *MEASURES],
        look,
        knn.every_n_epochs,
        selection_metric="knn" if selection_metric else None,
        shown={**{name: name for name in scores}, "rank": "effective_rank"},
        alarms=health.alarms,
    )
    if progress:
        for line in _what_happens(heard, monitored, selection_metric, health.n_clips, hardware):
            print(line, file=sys.stderr)
    numbers = run_to_end(
        training, run, lambda: model.save(run.encoder), monitor, name="pretrain", progress=progress
    )
    if numbers["n_steps_done"] == numbers["n_steps"]:
        _whiten(run, heard, recipe, training.fabric.device, progress)
    looks = numbers.pop("looks")
    for name in scores:
        numbers[name] = {look["epoch"]: look[name] for look in looks if name in look}
    return numbers | health.summary(looks)


def _what_happens(
    heard: Store,
    monitored: Store | None,
    selection_metric: bool,
    n_watched: int,
    hardware: Hardware,
) -> Iterator[str]:
    yield f"hears {len(heard.clips):,} clips, {heard.hours:.2f} h, of {heard.clips.name}"
    if monitored is None:
        yield "monitors no clips by kNN: it needs labels, two classes with two clips each at least"
    else:
        which = ", which choose the epoch" if selection_metric else ""
        yield f"monitors {len(monitored.clips):,} labeled clips by kNN{which}"
    yield f"watches its health, which needs no labels, on the same views of {n_watched:,} clips"
    yield f"runs on {hardware.why}"


def _assemble(
    heard: Store, recipe: Recipe, hardware: Hardware, init: SoundEncoder | None
) -> tuple[ContrastiveTraining, SoundEncoder, Projector]:
    """Build all that a recipe names, and the model and the projector that share its encoder."""
    settings = TrainingSettings(**recipe["training"])
    fabric = hardware.fabric()
    standardization = (
        init.standardization if init else Standardization(*log_mel_mean_and_std(heard))
    )
    views = PairOfViews(
        **recipe["views"], n_bands=heard.front_end.n_mels, **dataclasses.asdict(standardization)
    )
    shortest = int(heard.n_frames.min())
    if views.patch_frames > shortest:
        raise ValueError(
            f"views.patch_frames is {views.patch_frames} and the shortest clip has {shortest} "
            "frames: prepare with a higher front_end.min_duration_s, or take shorter patches."
        )
    offsets, n_frames, segment_of = _segments(heard, settings.segment_s, views.patch_frames)
    torch.manual_seed(settings.seed)
    encoder = build_encoder(recipe["encoder"], heard.front_end.n_mels)
    if init:
        encoder.load_state_dict(init.encoder.state_dict())
    if views.patch_frames < encoder.min_frames:
        raise ValueError(f"the encoder needs views.patch_frames of at least {encoder.min_frames}.")
    head = ProjectionHead(encoder.dim, **recipe["head"])
    projector = Projector(encoder, head)
    hardware.lay_out(projector)
    criterion = build(LOSSES, recipe["loss"])
    kind: type[ContrastiveTraining] = ContrastiveTraining
    module: nn.Module = projector
    if isinstance(criterion, BYOL):
        kind, module = MomentumTraining, MomentumProjector(projector, criterion)
    training = kind(
        fabric=fabric,
        projector=module,
        optimizer=build(OPTIMIZERS, recipe["optimizer"], _trained(module)),
        schedule=build(SCHEDULES, recipe["schedule"]),
        criterion=criterion,
        views=views,
        frames=place_frames(heard.frames, fabric.device),
        offsets=offsets,
        n_frames=n_frames,
        settings=settings,
        labels=_labels(heard)[segment_of] if isinstance(criterion, SupCon) else None,
        sound_of=first_with_hash(heard.audio)[segment_of],
    )
    embedding = EmbeddingSettings(**recipe["embedding"])
    window_frames = views.patch_frames
    if embedding.window_s is not None:
        window_frames = 1 + round(embedding.window_s / heard.front_end.hop_s)
    windows = Windows.half_overlapping(
        window_frames, views.patch_frames, align_last=embedding.align_last_window
    )
    model = SoundEncoder(
        encoder, recipe["encoder"], heard.front_end, standardization, windows,
        embedding.intermediate_features,
    )  # fmt: skip
    return training, model, projector


def _whiten(
    run: RunFolder, heard: Store, recipe: Recipe, device: torch.device, progress: bool
) -> None:
    """Whiten the model that a finished run kept, where the recipe says so."""
    n_components = EmbeddingSettings(**recipe["embedding"]).whiten
    kept = SoundEncoder.load(run.encoder)
    if n_components and not kept.whitening:
        seed = recipe["training"]["seed"]
        model = whitened(kept.to(device), heard, n_components, seed, progress=progress)
        model.save(run.encoder)


def _segments(
    heard: Store, segment_s: float | None, patch_frames: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offset, length and clip of each segment; by default a clip is one."""
    if segment_s is None:
        return heard.offsets, heard.n_frames, np.arange(len(heard.clips))
    longest = round(segment_s / heard.front_end.hop_s)
    if longest < 2 * patch_frames:
        raise ValueError("training.segment_s must be at least as long as two patches.")
    return cut_into_segments(heard.offsets, heard.n_frames, longest)


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _labels(heard: Store) -> np.ndarray:
    """Return the class of each clip, -1 where it has no label."""
    labels = heard.clips.labels()
    if labels.is_multi_label:
        raise ValueError("loss sup_con takes one label a clip, and some clips have several.")
    if not labels.classes:
        raise ValueError("loss sup_con needs labels, and no clip has one; nt_xent needs none.")
    return labels.values
