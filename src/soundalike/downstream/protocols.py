"""How good is a model? Classify clips by what it hears, beside what it must beat.

Every table holds the same three: log-mel statistics, which need no network; the encoder as it was
before training; and the trained one. So a reader sees what training gave. In all of them the
encoder is frozen, batch norm included: h is computed once.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from tqdm import tqdm

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.features import (
    LOG_MEL,
    PRETRAINED,
    UNTRAINED,
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.downstream.finetuning import Outcome
from soundalike.downstream.linear import fit_linear, labeled
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.evaluation.linear_probe import LinearProbe, fit_linear_probe
from soundalike.evaluation.linear_sgd import SGDSettings
from soundalike.evaluation.metrics import score
from soundalike.runtime.hardware import has_fast_bf16

Scores = dict[tuple[str, str], np.ndarray]
"""Class scores of the test clips of all splits, by protocol and representation."""


def evaluate(
    model: SoundEncoder,
    store: Store,
    splits: list[Split],
    protocols: Sequence[str] = ("linear", "knn"),
    *,
    heard: Features | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Scores:
    """Classify the test clips from three representations, by each protocol.

    Args:
        model: the trained encoder.
        store: log-mels of all clips.
        splits: rounds of training and testing, as `evaluation_splits` makes them.
        protocols: keys of `PROTOCOLS`.
        heard: what the model makes of the clips, where that is known already.
        seed: of the untrained encoder and the linear probe.
        progress: whether to show a progress bar.

    Returns:
        Class scores of the test clips of all splits, one split after the other.
    """
    labels = store.clips.labels()
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    with tqdm(total=2 + 2 * len(splits), desc="evaluate", disable=not progress) as bar:
        statistics = log_mel_statistics(model, store)
        bar.update()
        heard = heard or embeddings(model, store)
        bar.update()
        for split in splits:
            twin = untrained_twin(model, store.select(split.train), seed)
            untrained = embeddings(twin, store)
            bar.update()
            for protocol in protocols:
                for name, patches in zip(
                    (LOG_MEL, UNTRAINED, PRETRAINED), (statistics, untrained, heard), strict=True
                ):
                    scores = PROTOCOLS[protocol](
                        patches, labels.values, labels.n_classes, split, seed
                    )
                    found.setdefault((protocol, name), []).append(scores)
            bar.update()
    return {key: np.concatenate(scores) for key, scores in found.items()}


def linear_evaluation(
    model: SoundEncoder, store: Store, split: Split, *, n_epochs: int = 200, seed: int = 0
) -> Outcome:
    """Linear evaluation as in Fonseca et al. 2021, where h is classified as it comes.

    SGD with learning rate 0.1, a tenth of it after 40 % and again after 80 % of the epochs, weight
    decay 1e-4, the epoch chosen by the validation clips. A clip's patches are those it is scored
    by, half a patch apart.

    Args:
        model: what is evaluated; it stays as it is.
        store: log-mels of all clips.
        split: which clips train, choose and test.
        n_epochs: passes over the clips; 200 in the paper.
        seed: of the order of clips and the choice of patches.
    """
    began = time.monotonic()
    labels = store.clips.labels()
    patches = embeddings(model, store)
    milestones = (round(0.4 * n_epochs), round(0.8 * n_epochs))
    probe = fit_linear_probe(
        *labeled(patches, labels.values, split.train), labels.n_classes,
        labeled(patches, labels.values, split.validation) if len(split.validation) else None,
        standardize=False, weight_decay=1e-4,
        settings=SGDSettings(n_epochs=n_epochs, milestones=milestones, seed=seed),
    )  # fmt: skip
    scores = _clip_scores(probe, patches.of(split.test))
    validation_score = None
    if len(split.validation):
        validation_scores = _clip_scores(probe, patches.of(split.validation))
        validation_score = score(labels.values[split.validation], validation_scores)
    return Outcome(
        scores=scores,
        test_score=score(labels.values[split.test], scores),
        validation_score=validation_score,
        epoch=probe.epoch,
        seconds=round(time.monotonic() - began, 1),
    )


def _linear_scores(
    patches: Features, labels: np.ndarray, n_classes: int, split: Split, seed: int
) -> np.ndarray:
    """Train a linear classifier on h, choose its epoch on validation, score clips by their mean."""
    probe = fit_linear(patches, labels, n_classes, split, seed)
    return _clip_scores(probe, patches.of(split.test))


def _clip_scores(probe: LinearProbe, patches: Features) -> np.ndarray:
    return clip_scores(probe.probabilities(patches.h).numpy(), patches.clips.numpy())


def _knn_scores(
    patches: Features, labels: np.ndarray, n_classes: int, split: Split, seed: int
) -> np.ndarray:
    """Let the nearest training patches vote; nothing is fitted, so validation is not used."""
    train, test = patches.of(split.train), patches.of(split.test)
    not_in_train = test.clips + len(split.train)
    reference_labels = torch.from_numpy(labels[split.train])[train.clips]
    k = default_k(len(train.clips), n_classes)
    return knn_scores(
        test.h, not_in_train, train.h, train.clips, reference_labels, n_classes, k,
        bf16_first=has_fast_bf16(test.h.device),
    ).numpy()  # fmt: skip


Protocol = Callable[[Features, np.ndarray, int, Split, int], np.ndarray]
PROTOCOLS: dict[str, Protocol] = {"linear": _linear_scores, "knn": _knn_scores}
