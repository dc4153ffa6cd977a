"""Build the parts of a pre-training from its recipe."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows, n_frames_in
from soundalike.datasets.chunks import ChunkedFrames
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.embedding.settings import EmbeddingSettings
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses import LOSSES
from soundalike.losses.contrastive_loss import ContrastiveLoss
from soundalike.models.encoder import Encoder, build_encoder, check_patches
from soundalike.models.heads import ProjectionHead
from soundalike.models.intermediate_features import dim_with_intermediate
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.counts import counted
from soundalike.runtime.hardware import Hardware, choose_hardware
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.knn_monitor import KNNMonitor
from soundalike.training.portioned import PortionedTraining
from soundalike.training.portions import Portions
from soundalike.training.segments import longest_segment, refuse_short_segments, segments_of
from soundalike.training.synchronized_batch_norm import synchronize_batch_norms
from soundalike.views.pair import PairOfViews

if TYPE_CHECKING:
    import lightning_fabric


@dataclass(frozen=True)
class Pretraining:
    """The parts of a pre-training; the model and the projector share the trained encoder.

    Args:
        training: takes the steps.
        projector: encoder and head.
        model: the encoder with front end and statistics.
    """

    training: ContrastiveTraining
    projector: Projector
    model: SoundEncoder


def check_recipe(recipe: Recipe, front_end: LogMel, init: SoundEncoder | None = None) -> None:
    """Build all that needs no clips, so that a bad value is refused before clips are read.

    Args:
        recipe: resolved.
        front_end: makes the log-mels.
        init: model to start from.

    Raises:
        RecipeError: a value is out of range, or the encoder does not fit the patches.
    """
    with recipe_errors():
        settings = TrainingSettings(**recipe["training"])
        choose_hardware(settings.precision, settings.memory_format).fabric()
        KNNMonitor(**recipe["monitor"])
        blocks = EmbeddingSettings(**recipe["embedding"]).intermediate_features
        views = PairOfViews(**recipe["views"], n_bands=front_end.n_mels)
        encoder = init.encoder if init else build_encoder(recipe["encoder"], front_end.n_mels)
        _refuse_short_patches(views.patch_frames, encoder)
        refuse_short_segments(settings.segment_s, front_end, views.patch_frames)
        head = ProjectionHead(encoder.dim, **recipe["head"])
        build(OPTIMIZERS, recipe["optimizer"], list(head.parameters()))
        build(SCHEDULES, recipe["schedule"])
        build(LOSSES, recipe["loss"])
    try:
        check_patches(encoder, views.patch_frames, front_end.n_mels)
    except (ValueError, RuntimeError) as error:
        raise RecipeError(
            f"encoder.name {recipe['encoder']['name']} does not fit front_end.n_mels "
            f"{front_end.n_mels} and views.patch_frames {views.patch_frames}: "
            f"{str(error).partition(chr(10))[0]}"
        ) from None
    with recipe_errors():
        if blocks:
            dim_with_intermediate(encoder, blocks, views.patch_frames, front_end.n_mels)


def build_pretraining(
    store: Store, recipe: Recipe, hardware: Hardware, init: SoundEncoder | None = None
) -> Pretraining:
    """Build everything that a recipe describes.

    Args:
        store: the training clips.
        recipe: resolved.
        hardware: where to train, and in what precision.
        init: model to start from; by default the encoder has random weights.

    Raises:
        ValueError: a value of the recipe is out of range, or does not fit the clips.
        RuntimeError: layers of the encoder do not fit the patches.
    """
    settings = TrainingSettings(**recipe["training"])
    fabric = hardware.fabric()
    standardization = (
        init.standardization if init else Standardization(*log_mel_mean_and_std(store))
    )
    views = PairOfViews(
        **recipe["views"], n_bands=store.front_end.n_mels, **asdict(standardization)
    )
    torch.manual_seed(settings.seed)
    encoder = _build_encoder(store, recipe, init)
    _refuse_bad_patch_length(views.patch_frames, store, encoder)
    check_patches(encoder, views.patch_frames, store.front_end.n_mels)
    projector = Projector(encoder, ProjectionHead(encoder.dim, **recipe["head"]))
    hardware.lay_out(projector)
    criterion: ContrastiveLoss = build(LOSSES, recipe["loss"])
    network = criterion.network(projector, recipe["head"]["out_dim"])
    synchronize_batch_norms(network)
    training = _build_training(fabric, store, recipe, settings, views, network, criterion)
    model = _build_model(store, recipe, encoder, standardization, init)
    return Pretraining(training, projector, model)


def _build_training(
    fabric: "lightning_fabric.Fabric",
    store: Store,
    recipe: Recipe,
    settings: TrainingSettings,
    views: PairOfViews,
    network: nn.Module,
    criterion: ContrastiveLoss,
) -> ContrastiveTraining:
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    parts: dict[str, Any] = {
        "fabric": fabric,
        "module": network,
        "optimizer": build(OPTIMIZERS, recipe["optimizer"], trainable),
        "schedule": build(SCHEDULES, recipe["schedule"]),
        "criterion": criterion,
        "views": views,
        "settings": settings,
    }
    labels = _labels(store.clips, recipe) if criterion.needs_labels else None
    if isinstance(store.frames, ChunkedFrames):
        refuse_short_segments(settings.segment_s, store.front_end, views.patch_frames)
        longest = longest_segment(settings.segment_s, store.front_end)
        portions = Portions(store, longest, settings.batch_size, settings.seed)
        labels = None if labels is None else labels[portions.clip]
        return PortionedTraining(portions=portions, labels=labels, **parts)
    frames, clip = segments_of(store, settings.segment_s, views.patch_frames)
    return ContrastiveTraining(
        **parts,
        frames=frames.to(fabric.device),
        labels=None if labels is None else labels[clip],
        sound_ids=store.recordings[clip],
    )


def _build_encoder(store: Store, recipe: Recipe, init: SoundEncoder | None) -> Encoder:
    encoder = build_encoder(recipe["encoder"], store.front_end.n_mels)
    if init:
        encoder.load_state_dict(init.encoder.state_dict())
    return encoder


def _build_model(
    store: Store,
    recipe: Recipe,
    encoder: Encoder,
    standardization: Standardization,
    init: SoundEncoder | None,
) -> SoundEncoder:
    embedding = EmbeddingSettings(**recipe["embedding"])
    patch_frames = window_frames = recipe["views"]["patch_frames"]
    if embedding.window_s is not None:
        window_frames = n_frames_in(embedding.window_s, store.front_end.hop_s)
    return SoundEncoder(
        encoder,
        recipe["encoder"],
        store.front_end,
        standardization,
        Windows.half_overlapping(
            window_frames, patch_frames, align_last=embedding.align_last_window
        ),
        embedding.intermediate_features,
        training_data=training_data_in_words(store, init),
    )


def training_data_in_words(store: Store, init: SoundEncoder | None) -> str:
    """Describe what a model is trained on, and what was the one that it starts from."""
    words = f"{counted(len(store.clips), 'clip')}, {store.hours:.2g} h, of {store.clips.name}"
    if init and init.training_data:
        words += f"; before, on {init.training_data}"
    return words


def _refuse_bad_patch_length(patch_frames: int, store: Store, encoder: Encoder) -> None:
    shortest = int(store.n_frames.min())
    if patch_frames > shortest:
        raise ValueError(
            f"views.patch_frames is {patch_frames} but the shortest clip has {shortest} frames: "
            "prepare with a higher front_end.min_duration_s, or use shorter patches."
        )
    _refuse_short_patches(patch_frames, encoder)


def _refuse_short_patches(patch_frames: int, encoder: Encoder) -> None:
    if patch_frames < encoder.min_frames:
        raise ValueError(f"the encoder needs views.patch_frames of at least {encoder.min_frames}.")


def _labels(clips: ClipTable, recipe: Recipe) -> np.ndarray:
    """Return the class of each clip, -1 if it has no label."""
    loss, labels = recipe["loss"]["name"], clips.labels()
    if labels.is_multi_label:
        raise ValueError(f"loss {loss} needs one label per clip, but some clips have several.")
    if not labels.classes:
        raise ValueError(f"loss {loss} needs labels, but no clip has one; nt_xent needs none.")
    return labels.values
