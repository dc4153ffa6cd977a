"""Numbers that a refactoring must not change: losses, stores and embeddings for a fixed seed.

    OMP_NUM_THREADS=1 python tests/figures.py [--whole] [--steps N] FILE

writes them as JSON. Run it before and after a change, on one machine, and compare the two files: a
change that is meant to change nothing leaves them identical. `--whole` takes all of synthetic:small
and the recipes as they are, which takes some minutes; otherwise 40 of its clips, batches of 10 and
narrow networks. ``figures.json`` holds those of the short version, and test_figures.py compares the
first steps with it.

Losses, [20]: of the first steps of each recipe. Store: SHA-256 of ``frames.npy``, and its sum.
Embeddings, [3, dim]: of three waveforms by the model that comes with the package.
"""

import argparse
import contextlib
import csv
import functools
import hashlib
import json
import math
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile
import torch

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import prepare
from soundalike.datasets.splits import Split
from soundalike.datasets.synthetic import SAMPLE_RATE, clip_records, synthesize_clip
from soundalike.downstream.finetuning import fine_tune
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.recipe import read_recipe, recipe_names
from soundalike.recipes.sections import RecipeKind
from soundalike.training import loop
from soundalike.training.pretraining import pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder

N_STEPS = 20
N_CLIPS, BATCH_SIZE, WIDTH = 40, 10, 8  # of the short version; WIDTH of a ResNet-18
EXACT = {"training.precision": "32-true", "training.memory_format": "contiguous"}


def waveforms() -> list[np.ndarray]:
    """Return a falling tone, noise with varying level, and clicks: float32 at 22,050 Hz."""
    time_s = np.arange(3 * 22050) / 22050
    noise = np.random.RandomState(0).standard_normal(len(time_s))
    tone = np.sin(2 * np.pi * (2000 * time_s - 250 * time_s**2))
    clicks = (np.arange(len(time_s)) % 2205 == 0).astype(float)
    return [wave.astype(np.float32) for wave in (tone, noise * np.sin(time_s) ** 2, clicks)]


class StopAfter(contextlib.AbstractContextManager):
    """Replaces `StopSignal`: behaves as if Ctrl-C arrived in step `n_steps`."""

    def __init__(self, n_steps: int, unit: str) -> None:
        self.n_steps_left = n_steps

    @property
    def is_set(self) -> bool:
        """If true, the steps have been taken; the loop asks after each."""
        self.n_steps_left -= 1
        return self.n_steps_left <= 0

    def __exit__(self, *_: object) -> None:
        pass


def losses(store, folder: Path, name: str, kind: RecipeKind, whole: bool) -> list[float]:
    """Return the losses of the first steps of a recipe."""
    n_clips = len(store.clips)
    recipe = read_recipe(name, kind)
    encoder, batch_size = recipe["encoder"], recipe["training"]["batch_size"]
    batch_size = min(batch_size, n_clips) if whole else BATCH_SIZE
    n_epochs = math.ceil(N_STEPS / math.ceil(n_clips / batch_size))
    overrides = EXACT | {"training.n_epochs": n_epochs, "training.batch_size": batch_size}
    if kind is PRETRAINING:
        overrides |= {"monitor.every_n_epochs": n_epochs}
    if not whole and encoder["name"] == "resnet18":
        overrides |= {"encoder.width": WIDTH}
    recipe = read_recipe(name, kind, overrides)
    run = RunFolder(folder / name)
    run.configure(clips=store.fingerprint, recipe=recipe)
    if kind is PRETRAINING:
        pretrain(store, run, recipe, progress=False)
    else:
        nothing = np.zeros(0, dtype=np.int64)
        split = Split("all", np.arange(n_clips), nothing, np.arange(2))
        model = SoundEncoder.from_pretrained("default") if name == "few_labels" else None
        with contextlib.suppress(KeyboardInterrupt):  # stopped after `n_steps`
            fine_tune(store, split, run, recipe, model=model, progress=False)
    with (run.path / "metrics.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)][:N_STEPS]


def figures(folder: Path, whole: bool = False, n_steps: int = N_STEPS) -> dict:
    """Return all numbers; files are written to `folder`."""
    torch.set_num_threads(1)
    records = [record for record in clip_records("small") if record.split == "train_noisy"]
    clips = []
    for record in records if whole else records[:N_CLIPS]:
        path = folder / record.fname
        waveform = synthesize_clip("small", record.split, record.index)
        soundfile.write(path, waveform, SAMPLE_RATE, subtype="PCM_16")
        clips.append(Clip(str(path), label=record.label))
    store = prepare(ClipTable.of("figures", clips), folder / "store", n_workers=1, progress=False)
    with mock.patch.object(loop, "StopSignal", functools.partial(StopAfter, n_steps)):
        of_recipes = {
            name: losses(store, folder, name, kind, whole)
            for kind in (PRETRAINING, SUPERVISED)
            for name in recipe_names(kind)
        }
    encoder = SoundEncoder.from_pretrained("default")
    embeddings = encoder.encode(waveforms(), sample_rate=22050)
    return {
        "store": {
            "sha256": hashlib.sha256((folder / "store" / "frames.npy").read_bytes()).hexdigest(),
            "sum": float(store.frames.sum(dtype=np.float64)),
            "n_frames": int(store.n_frames.sum()),
        },
        "losses": of_recipes,
        "embeddings": embeddings.tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--whole", action="store_true", help="all of synthetic:small")
    parser.add_argument("--steps", type=int, default=N_STEPS, help="of each recipe")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = figures(Path(folder), arguments.whole, arguments.steps)
    arguments.file.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
