"""How good is an ear? Classify clips by what it hears, beside what it must beat.

Every table holds the same three: log-mel statistics, which need no network; the encoder as it was
before training; and the trained one. So a reader sees what training gave.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.knn import knn_predict, neighbours_to_ask
from soundalike.evaluation.linear_probe import fit_linear_probe
from soundalike.evaluation.metrics import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    per_class_recall,
)
from soundalike.models.calibration import calibrate_batch_norm
from soundalike.models.encoder import build_encoder

N_CALIBRATION_CLIPS = 1024
# The paper's 1e-4 is for h as it comes. On standardised features it overfits some hundreds of
# clips, log-mel statistics most of all, which would make them look weaker than they are.
PROBE_WEIGHT_DECAY = 1e-2

Represent = Callable[[Store], tuple[Tensor, Tensor]]
"""From the clips of a store to h ``[patches, dim]`` and the clip of each patch ``[patches]``."""


@dataclass(frozen=True)
class Patches:
    """What a representation makes of some labelled clips.

    Shape:
        h: [patches, dim]; clips: [patches], positions in labels; labels: [clips].
    """

    h: Tensor
    clips: Tensor
    labels: Tensor


def evaluate(
    ear: SoundEncoder,
    store: Store,
    splits: list[Split],
    protocols: Sequence[str] = ("linear", "knn"),
    *,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Classify the test clips from three representations, by each protocol.

    The predictions of all splits are pooled and then scored, so a test clip is scored once.

    Args:
        ear: the trained encoder.
        store: log-mels of all clips.
        splits: rounds of training and testing, as `evaluation_splits` makes them.
        protocols: keys of `PROTOCOLS`.
        seed: of the untrained encoder, the linear probe and the bootstrap.
        progress: whether to show a progress bar.

    Returns:
        `classes`; `test_clips`, positions in the store; their `labels`; and `rows`, one dict for
        each protocol and representation: `predictions`, `balanced_accuracy`, its 95 % `interval`,
        `accuracy`, recall `per_class` and the `confusion` matrix.
    """
    classes = store.clips.classes
    labels = store.clips.label_indices(classes)
    test_clips = np.concatenate([split.test for split in splits])
    predictions: dict[tuple[str, str], list[np.ndarray]] = {}
    with tqdm(total=3 * len(splits), desc="evaluate", disable=not progress) as bar:
        for split in splits:
            representations: dict[str, Represent] = {
                "log-mel statistics": lambda clips: log_mel_statistics(ear, clips),
                "untrained encoder": untrained_twin(ear, store.select(split.train), seed).of_store,
                "pretrained encoder": ear.of_store,
            }
            for name, represent in representations.items():
                train = _patches(represent, store, split.train, labels)
                test = _patches(represent, store, split.test, labels)
                validation = (
                    _patches(represent, store, split.validation, labels)
                    if len(split.validation)
                    else None
                )
                for protocol in protocols:
                    predicted = PROTOCOLS[protocol](train, validation, test, len(classes), seed)
                    predictions.setdefault((protocol, name), []).append(predicted)
                bar.update()
    rows = [
        {"protocol": protocol, "representation": name}
        | _scores(labels[test_clips], np.concatenate(predicted), classes, seed)
        for (protocol, name), predicted in predictions.items()
    ]
    return {
        "classes": classes,
        "test_clips": test_clips,
        "labels": labels[test_clips],
        "rows": sorted(rows, key=lambda row: protocols.index(row["protocol"])),
    }


def log_mel_statistics(ear: SoundEncoder, store: Store) -> tuple[Tensor, Tensor]:
    """Represent a clip by statistics over time of each band: what needs no network.

    Mean, standard deviation, minimum, maximum, and the mean step from frame to frame.

    Shape:
        result: [clips, 5 * bands] and [clips]: a clip is one patch here.
    """
    rows = []
    for index in range(len(store.clips)):
        x = (store.of_clip(index) - ear.mean) / ear.std
        steps = np.abs(np.diff(x, axis=0))
        rows.append(np.concatenate([x.mean(0), x.std(0), x.min(0), x.max(0), steps.mean(0)]))
    return torch.from_numpy(np.stack(rows)), torch.arange(len(rows))


def untrained_twin(ear: SoundEncoder, train: Store, seed: int) -> SoundEncoder:
    """Return the same encoder with random weights, its batch norm calibrated on training clips."""
    torch.manual_seed(seed)
    encoder = build_encoder(ear.encoder_settings)
    twin = SoundEncoder(
        encoder, ear.encoder_settings, ear.log_mel, ear.patch_frames, ear.mean, ear.std
    )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(train.clips))[:N_CALIBRATION_CLIPS]
    starts = train.offsets[chosen] + rng.integers(train.n_frames[chosen] - ear.patch_frames + 1)
    patches = torch.from_numpy(train.frames[starts[:, None] + np.arange(ear.patch_frames)])
    calibrate_batch_norm(encoder, (twin.standardise(part) for part in patches.split(128)))
    return twin


def _patches(represent: Represent, store: Store, clips: np.ndarray, labels: np.ndarray) -> Patches:
    return Patches(*represent(store.select(clips)), torch.from_numpy(labels[clips]))


def _by_linear_probe(
    train: Patches, validation: Patches | None, test: Patches, n_classes: int, seed: int
) -> np.ndarray:
    """Train a linear classifier on h, choose its epoch on validation, score clips by their mean."""
    selection = (validation.h, validation.clips, validation.labels) if validation else None
    probe = fit_linear_probe(
        train.h, train.clips, train.labels, n_classes, selection,
        weight_decay=PROBE_WEIGHT_DECAY, seed=seed,
    )  # fmt: skip
    scores = clip_scores(probe.probabilities(test.h), test.clips)
    return np.asarray(scores.argmax(axis=1))


def _by_neighbours(
    train: Patches, validation: Patches | None, test: Patches, n_classes: int, seed: int
) -> np.ndarray:
    """Let the nearest training patches vote; nothing is fitted, so validation is not used."""
    not_in_train = test.clips + len(train.labels)
    labels = train.labels[train.clips]
    k = neighbours_to_ask(len(labels), n_classes)
    predicted = knn_predict(test.h, not_in_train, train.h, train.clips, labels, n_classes, k)
    return predicted.numpy()


PROTOCOLS = {"linear": _by_linear_probe, "knn": _by_neighbours}


def _scores(
    labels: np.ndarray, predictions: np.ndarray, classes: list[str], seed: int
) -> dict[str, Any]:
    recalls = per_class_recall(labels, predictions, len(classes))
    return {
        "predictions": predictions,
        "balanced_accuracy": balanced_accuracy(labels, predictions),
        "interval": bootstrap_interval(balanced_accuracy, labels, predictions, seed=seed),
        "accuracy": accuracy(labels, predictions),
        "per_class": dict(zip(classes, map(float, recalls), strict=True)),
        "confusion": confusion_matrix(labels, predictions, len(classes)),
    }
