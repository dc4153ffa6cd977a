"""The representations that an evaluation compares: a trained model and its two baselines."""

import functools
import operator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from soundalike.datasets.store import Store
from soundalike.downstream.features import (
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.embedding.known_sounds import unrelated
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.vector_cache import Report, cached, content_hash
from soundalike.evaluation.score_table import PRETRAINED
from soundalike.runtime.forecast import Forecast
from soundalike.runtime.progress import Bar, progress_bar

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
) -> dict[str, Features]:
    """Return the features of a model and of the two baselines that it must beat.

    Args:
        model: the trained model, which does not change.
        store: log-mels of the clips.
        train: clips that calibrate the batch norms of the untrained encoder.
        seed: random seed of the untrained encoder.
        folder: holds the features afterwards, and perhaps those of an earlier call; lock it first.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        OSError: a file cannot be written.
    """
    train_store = store.select(train)
    twin = functools.cache(lambda: untrained_twin(model, train_store, seed))
    parts_of = operator.attrgetter("vectors", "clips")

    def embedded(embedder: SoundEncoder, clips: Store, report: Report) -> tuple[Tensor, Tensor]:
        return parts_of(embeddings(embedder, clips, report=reports.measured(clips, report)))

    functions = {
        LOG_MEL: lambda clips, report: parts_of(log_mel_statistics(model, clips, report)),
        UNTRAINED: lambda clips, report: embedded(twin(), clips, report),
        PRETRAINED: lambda clips, report: embedded(model, clips, report),
    }
    twin_key = {"seed": seed, "calibration clips": content_hash(train_store)}
    labels, recordings = store.clips.labels(), store.recordings
    features = {}
    n_clips = len(functions) * len(store.clips)
    with progress_bar(name="embed", unit="clips", total=n_clips, is_shown=progress) as bar:
        reports = _Reports(bar, store)
        for name, compute in functions.items():
            key = {"model": model.fingerprint()} | (twin_key if name == UNTRAINED else {})
            folder_of_it, report = folder / FOLDERS[name], reports.of(name)
            vectors, clips = cached(folder_of_it, key, store, compute, report)
            is_whitened = name == PRETRAINED and model.whitening is not None
            background = None
            if name == PRETRAINED and model.background is not None:
                background = unrelated(model.background.cpu(), vectors)
            features[name] = Features(vectors, clips, labels, recordings, is_whitened, background)
    return features


class _Reports:
    """Moves the progress bar, and says how long the two networks take.

    Statistics of log-mels take next to nothing. A network takes as long as its clips have frames.
    """

    def __init__(self, bar: Bar, store: Store) -> None:
        self.bar = bar
        self.n_frames = store.n_frames.astype(float)
        self.left = 2 * float(self.n_frames.sum())
        self.forecast = Forecast(bar, "embed")

    def of(self, name: str) -> Report:
        """Return the function that is called with the positions of clips that are done."""

        def report(clips: NDArray[np.int64]) -> None:
            self.bar.update(len(clips))
            if name != LOG_MEL:
                self.left -= float(self.n_frames[clips].sum())

        return report

    def measured(self, part: Store, report: Report) -> Report:
        """Return the same function for clips of a part, which are being embedded."""

        def report_and_measure(clips: NDArray[np.int64]) -> None:
            report(clips)
            self.forecast.add(float(part.n_frames[clips].sum()), self.left)

        return report_and_measure
