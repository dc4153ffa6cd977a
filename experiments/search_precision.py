"""Measure how many of the ten sounds that a search returns are of the class of the query.

    python experiments/search_precision.py default esc10:ROOT sets/drums.csv --out runs/precision

Every clip is a query, and clips of its own recording are left out. ESC-10 names the recording that
a clip was cut from; in other sets, files with the same audio are one recording. The model is
compared with log-mel statistics and with its own network before training: by the cosine of the
vectors as they are, which is what `search` does, and after all of them are standardized, or
standardized and whitened, by the clips of the set, without labels. Intervals are over recordings,
1,000 resamples.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.store import Store
from soundalike.downstream.features import Features
from soundalike.downstream.representations import representations
from soundalike.embedding.encode import unit_length
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.score_table import PRETRAINED

K = 10


def sources_of(store: Store) -> np.ndarray:
    """Return a number for the recording that each clip was cut from: [clips]."""
    clips: ClipTable = store.clips
    if clips.name != "esc10":
        return store.recordings
    names = [Path(path).stem.split("-")[1] for path in clips.rows["path"]]
    return pd.factorize(np.array(names))[0]


def precisions(vectors: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Return the share of each clip's `K` nearest clips that have its class: [clips].

    A class with fewer than `K` other clips counts as complete if all of them are there.
    """
    unit = unit_length(vectors)
    similarity = unit @ unit.T
    is_other = sources[:, None] != sources
    similarity[~is_other] = -np.inf
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :K]
    n_right = (labels[nearest] == labels[:, None]).sum(axis=1)
    n_others = (is_other & (labels[:, None] == labels)).sum(axis=1)
    return n_right / np.clip(n_others, 1, K)


def mean_vectors(features: Features) -> np.ndarray:
    """Return the mean vector of each clip's windows: [clips, dim]."""
    vectors, clips = features.vectors.numpy(), features.clips.numpy()
    sums = np.zeros((len(features.labels), vectors.shape[1]))
    np.add.at(sums, clips, vectors)
    return sums / np.bincount(clips, minlength=len(sums))[:, None]


def whitened(features: Features) -> np.ndarray:
    """Return the mean vectors, standardized and whitened by all clips."""
    import torch

    vectors = torch.from_numpy(mean_vectors(features).astype(np.float32))
    n_components = min(len(vectors) - 1, vectors.shape[1])
    return Whitening.of(vectors, n_components, standardize=True)(vectors).numpy()


def standardized(features: Features) -> np.ndarray:
    """Return the mean vectors, each value with mean 0 and variance 1 over all clips."""
    vectors = mean_vectors(features)
    return (vectors - vectors.mean(axis=0)) / np.maximum(vectors.std(axis=0), 1e-12)


TREATMENTS = {"as it is": mean_vectors, "standardized": standardized, "whitened": whitened}


def measure(source: str, model: SoundEncoder, folder: Path, seed: int) -> pd.DataFrame:
    """Return a table with the precision of every representation, and that of the model above it."""
    store = open_or_prepare(source, folder / "store", model.front_end)
    every = np.arange(len(store.clips))
    features = representations(model, store, every, seed, folder)
    labels, sources = store.clips.labels().values, sources_of(store)
    columns: dict[str, dict[str, str]] = {}
    for treatment, vectors_of in TREATMENTS.items():
        values = {
            name: precisions(vectors_of(of_clips), labels, sources)
            for name, of_clips in features.items()
        }
        for name, of_clips in values.items():
            low, high = bootstrap_interval(np.mean, of_clips, recordings=sources)
            text = f"{of_clips.mean():.3f} ({low:.3f} - {high:.3f})"
            above = values[PRETRAINED] - of_clips
            low, high = bootstrap_interval(np.mean, above, recordings=sources)
            gain = f"{above.mean():.3f} ({low:.3f} - {high:.3f})" if name != PRETRAINED else ""
            columns.setdefault(treatment, {})[name] = text
            columns.setdefault(f"{treatment}: model above", {})[name] = gain
    print(f"{source}: {len(every)} clips of {len(np.unique(sources))} recordings")
    return pd.DataFrame(columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model")
    parser.add_argument("sets", nargs="+", help="labeled clips")
    parser.add_argument("--seed", type=int, default=0, help="of the untrained network")
    parser.add_argument("--out", type=Path, required=True, help="folder of stores and vectors")
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model)
    for source in arguments.sets:
        folder = arguments.out / Path(source.partition(":")[0]).stem
        table = measure(source, model, folder, arguments.seed)
        table.to_csv(folder / "precision.csv")
        print(table.to_string())
