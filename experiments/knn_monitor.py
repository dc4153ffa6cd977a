"""Compare the kNN monitor of pre-training with scikit-learn, on short sounds beside long ambiences.

    python experiments/knn_monitor.py default sets/drums.csv --out runs/monitor

Ten ambiences of a minute, made by code, are added to the labeled clips as a class of their own:
they have most of the patches. The monitor's figure is compared with scikit-learn's nearest
neighbors, leaving one recording out, on vectors that are computed here once more, clip by clip. A
vector is the mean direction of the embeddings of a clip's patches. The last figure is that of the
paper's protocol, in which every patch votes, so that most neighbors are patches of ambiences.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.signal
import soundfile
import torch
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from soundalike.audio.windows import Windows
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.knn_monitor import N_NEIGHBORS, KNNMonitor

RATE = 22050


def write_ambiences(folder: Path, n: int, seconds: float) -> list[Path]:
    """Write colored noises whose level rises and falls, as wind or surf does."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, paths = np.random.default_rng(0), []
    time_s = np.arange(round(seconds * RATE)) / RATE
    for number in range(n):
        pole, period_s = rng.uniform(0.5, 0.98), rng.uniform(3, 9)
        noise = scipy.signal.lfilter([1 - pole], [1, -pole], rng.standard_normal(len(time_s)))
        wave = noise * (0.6 + 0.4 * np.sin(2 * np.pi * time_s / period_s))
        paths.append(folder / f"ambience-{number}.flac")
        soundfile.write(paths[-1], 0.5 * wave / np.abs(wave).max(), RATE)
    return paths


@torch.inference_mode()
def clip_vectors(model: SoundEncoder, store: Store, n_patches: int) -> np.ndarray:
    """Return the mean direction of up to so many evenly spaced patches of each clip, one by one."""
    vectors = []
    for clip, n_frames in enumerate(store.n_frames):
        starts = Windows.half_overlapping(model.patch_frames).starts(int(n_frames))
        if len(starts) > n_patches:
            starts = starts[[int((i + 0.5) * len(starts) / n_patches) for i in range(n_patches)]]
        log_mel = store.of_clip(clip).astype(np.float32)
        patches = [log_mel[start : start + model.patch_frames] for start in starts]
        h = model(torch.from_numpy(np.stack(patches))).numpy()
        vectors.append((h / np.linalg.norm(h, axis=1, keepdims=True)).mean(axis=0))
    return np.array(vectors)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("source", help="clips with one label each")
    parser.add_argument("--ambiences", type=int, default=10, help="number of long clips")
    parser.add_argument("--seconds", type=float, default=60, help="length of each")
    parser.add_argument("--out", type=Path, required=True, help="folder of ambiences and store")
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model).eval()
    clips = read_source(arguments.source).rows[["path", "label"]]
    clips = clips.assign(path=clips["path"].map(os.path.abspath))
    paths = write_ambiences(arguments.out / "ambiences", arguments.ambiences, arguments.seconds)
    rows = pd.DataFrame({"path": map(os.path.abspath, paths), "label": "ambience"})
    manifest = arguments.out / "clips.csv"
    pd.concat([clips, rows]).to_csv(manifest, index=False)
    store = open_or_prepare(str(manifest), arguments.out / "store", model.front_end)

    monitor = KNNMonitor()
    ours, by_patch = (
        each.score(store, model.patch_frames, model, "cpu")
        for each in (monitor, KNNMonitor("patch"))
    )
    sample = monitor.sample(store)
    n_patches = max(1, monitor.max_patches // len(sample.clips))
    labels = sample.clips.labels().values
    predicted = cross_val_predict(
        KNeighborsClassifier(N_NEIGHBORS, metric="cosine"),
        clip_vectors(model, sample, n_patches),
        labels,
        groups=sample.recordings,
        cv=LeaveOneGroupOut(),
    )
    theirs = balanced_accuracy_score(labels, predicted)
    print(
        f"{len(sample.clips)} of {len(store.clips)} clips, {len(np.unique(labels))} classes: "
        f"balanced accuracy {ours:.4f} by the monitor, {theirs:.4f} by scikit-learn, "
        f"{by_patch:.4f} if every patch votes"
    )
    if not np.isclose(ours, theirs):
        raise SystemExit("the monitor and scikit-learn disagree")
