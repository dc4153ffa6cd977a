"""What runs on a GPU: whether it agrees with the CPU, and how many times faster it is.

Run: make bench-gpu, on a machine with a GPU; it prints a Markdown table in less than eight minutes

Every measure runs in a process of its own, once with the GPU and once without.
"""

import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if "cpu" in sys.argv[2:]:  # before torch looks for a GPU
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import torch
from bench_knn import DIM, N_CLASSES, K, labeled_patches
from bench_linear_evaluation import embeddings
from bench_training_step import BATCH, recipe_of, store_of, training_of
from measure import Row, fastest, in_a_process, table

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.knn import knn_scores
from soundalike.runtime.hardware import best_device, choose_hardware

FIGURES = Path(__file__).parents[1] / "tests" / "figures.py"
N_FIGURE_STEPS = 2


def measure_figures() -> dict:
    """Return the losses of the first steps of every recipe, by `tests/figures.py`."""
    spec = importlib.util.spec_from_file_location("figures", FIGURES)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures = script.figures(Path(folder), n_steps=N_FIGURE_STEPS)
    return {
        "seconds": time.perf_counter() - start,
        "values": [loss for losses in figures["losses"].values() for loss in losses],
    }


def measure_step(encoder: str, precision: str = "auto", n_steps: int = 8) -> dict:
    """Return the seconds of a step on 2 x 128 views, and its losses."""
    recipe = recipe_of(encoder, n_epochs=2 * n_steps, precision=precision)
    training = training_of(store_of(BATCH), recipe)
    losses = [training.step(number).item() for number in range(n_steps)]
    start = time.perf_counter()
    tensors = [training.step(number) for number in range(n_steps, 2 * n_steps)]
    tensors[-1].item()  # the GPU works on while Python is ahead; this waits for it
    return {"seconds": (time.perf_counter() - start) / n_steps, "values": losses}


def measure_embedding(n_clips: int = 32, duration_s: float = 10) -> dict:
    """Return the seconds to embed noise by the included model, and the embeddings."""
    model = SoundEncoder.from_pretrained("default").to(choose_hardware().accelerator)
    rng = np.random.default_rng(0)
    noises = rng.standard_normal((n_clips, round(duration_s * 22050))).astype(np.float32)
    clips = [noise * np.hanning(len(noise)).astype(np.float32) for noise in noises]
    (seconds,) = fastest(lambda: model.encode(clips, sample_rate=22050), n_runs=3)
    return {"seconds": seconds, "values": model.encode(clips, sample_rate=22050).ravel().tolist()}


def measure_knn(n_patches: int = 20_000) -> dict:
    """Return the seconds of leave-one-clip-out kNN, and the scores."""
    z, clips, labels = (each.to(best_device()) for each in labeled_patches(n_patches))

    def scores() -> list[float]:
        return knn_scores(z, clips, z, clips, labels, N_CLASSES, K).flatten().tolist()

    (seconds,) = fastest(scores, n_runs=3)
    return {"seconds": seconds, "values": scores()}


def measure_linear(n_clips: int = 4000, n_classes: int = 50) -> dict:
    """Return the seconds of the linear classifier with its choice of the prior, and the scores."""
    h, labels = embeddings(n_clips, DIM, n_classes, True)
    clips = np.arange(len(labels))
    classes = [str(number) for number in range(n_classes)]
    features = Features(
        torch.from_numpy(h), torch.from_numpy(clips), Labels(labels, classes), clips, True
    )
    split = Split("all", clips[:n_clips], np.zeros(0, dtype=np.int64), clips[n_clips:])
    (seconds,) = fastest(lambda: fit_linear(features, split), n_runs=2)
    scores = fit_linear(features, split).scores(features.select(split.test))
    return {"seconds": seconds, "values": scores.ravel().tolist()}


MEASURES: dict[str, tuple[str, Callable[[], dict]]] = {
    "figures": (f"first {N_FIGURE_STEPS} steps of every recipe", measure_figures),
    "band_cnn": ("band_cnn, a step, float32", lambda: measure_step("band_cnn", "32-true")),
    "resnet18": ("ResNet-18, a step, float32", lambda: measure_step("resnet18", "32-true")),
    "band_cnn_auto": ("band_cnn, a step, its own precision", lambda: measure_step("band_cnn")),
    "resnet18_auto": ("ResNet-18, a step, its own precision", lambda: measure_step("resnet18")),
    "embedding": ("`default`, 32 clips of 10 s", measure_embedding),
    "knn": ("kNN, 20,000 patches", measure_knn),
    "linear": ("linear classifier, 4,000 clips, 50 classes", measure_linear),
}


def rows() -> Iterator[Row]:
    """Yield the seconds of every measure with a GPU and without."""
    for name, (what, _) in MEASURES.items():
        ours, cpu = (in_a_process(__file__, name, device) for device in ("gpu", "cpu"))
        off = np.abs(np.subtract(ours["values"], cpu["values"])).max()
        difference = f"{off:.0e} of {np.abs(cpu['values']).max():.3g}"
        yield Row(what, ours["seconds"], "s", cpu["seconds"], "the CPU", difference=difference)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(MEASURES[sys.argv[1]][1]()))
    elif torch.cuda.is_available():
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
        print(table(rows()))
    else:
        sys.exit("torch sees no GPU here: run this on a machine with one")
