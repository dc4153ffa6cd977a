"""The representations that an evaluation compares: a trained model and its two baselines."""

import functools
import operator
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.store import Store
from soundalike.downstream.features import (
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.embedding.embedding_bar import EmbeddingBar
from soundalike.embedding.known_sounds import unrelated
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.vector_cache import cached, content_hash
from soundalike.evaluation.score_table import PRETRAINED
from soundalike.runtime.progress import progress_bar

LOG_MEL, UNTRAINED, SCRATCH = "log-mel statistics", "untrained encoder", "from scratch"
FOLDERS = {name: name.replace(" ", "-") for name in (LOG_MEL, UNTRAINED, PRETRAINED)}
EMBEDDINGS = "embeddings"  # the folder of the features, within that of the results


def representations(
    model: SoundEncoder,
    store: Store,
    train: NDArray[np.integer],
    seed: int,
    folder: Path,
    progress: bool = True,
    names: Collection[str] = (LOG_MEL, UNTRAINED, PRETRAINED),
) -> dict[str, Features]:
    """Return the features of a model and of the two baselines that it must beat, or some of these.

    Args:
        model: the trained model, which does not change.
        store: log-mels of the clips.
        train: clips that calibrate the batch norms of the untrained encoder.
        seed: random seed of the untrained encoder.
        folder: holds the features afterwards, and perhaps those of an earlier call; lock it first.
        progress: If true, a progress bar is shown on standard error.
        names: the representations to return.

    Raises:
        OSError: a file cannot be written.
    """
    train_store = store.select(train)
    twin = functools.cache(lambda: untrained_twin(model, train_store, seed))
    parts_of = operator.attrgetter("vectors", "clips")

    functions = {
        LOG_MEL: lambda clips, report: parts_of(log_mel_statistics(model, clips, report)),
        UNTRAINED: lambda clips, report: parts_of(embeddings(twin(), clips, report=report)),
        PRETRAINED: lambda clips, report: parts_of(embeddings(model, clips, report=report)),
    }
    twin_key = {"seed": seed, "calibration clips": content_hash(train_store)}
    labels, recordings = store.clips.labels(), store.recordings
    functions = {name: compute for name, compute in functions.items() if name in names}
    features = {}
    n_clips = len(functions) * len(store.clips)
    with progress_bar(name="embed", unit="clips", total=n_clips, is_shown=progress) as bar:
        embedding_bar = EmbeddingBar(bar, store, n_networks=len(functions.keys() - {LOG_MEL}))
        for name, compute in functions.items():
            key = {"model": model.fingerprint()} | (twin_key if name == UNTRAINED else {})
            report = embedding_bar.count_quick if name == LOG_MEL else embedding_bar.count
            vectors, clips = cached(folder / FOLDERS[name], key, store, compute, report)
            is_whitened = name == PRETRAINED and model.whitening is not None
            background = None
            if name == PRETRAINED and model.background is not None:
                background = unrelated(model.background.cpu(), vectors)
            features[name] = Features(vectors, clips, labels, recordings, is_whitened, background)
    return features
