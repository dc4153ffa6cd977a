"""A step of pre-training on 2 x 128 views, against a plain one, for each of three encoders.

The plain step is the straightforward implementation: float32, one pass per view, SGD, NT-Xent as
one cross-entropy, and the C library's default memory allocation. Its views are computed beforehand;
ours are part of the step. Every row is measured in its own processes.

The arithmetic of a step, its convolutions and matrix products, is compared with one large product
on the same threads: the ratio is the share of the machine's rate that a step reaches. An epoch of
`pretrain`, with metrics, checkpoint and everything else, is compared with its steps alone.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from measure import Row, fastest, in_a_process, table
from torch.utils.flop_counter import FlopCounterMode

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.identical import HASH
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import Store
from soundalike.datasets.synthetic import synthesize_clip
from soundalike.losses import LOSSES
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe, build
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.pretraining import pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder
from soundalike.views.pair import PairOfViews

ENCODERS = {"resnet18": "ResNet-18", "vgg": "VGG", "crnn": "CRNN"}
BATCH = 128
N_WARM, N_STEPS = 2, 6  # of ours that are not timed, and timed
N_PLAIN = 3  # timed steps of the reference
N_COMPARED = 5  # steps whose losses are compared
STEPS_PER_EPOCH = 24
PRODUCT = 4096  # rows and columns of the large matrices


def store_of(n_clips: int, n_mels: int = 96, min_duration_s: float = 1.0) -> Store:
    """Return the log-mels of synthetic sounds; after the first `BATCH` they come again."""
    windows = {"n_fft": 4096, "win_length": 1320, "hop_length": 440}
    log_mel = LogMel(44100, **windows, n_mels=n_mels, min_duration_s=min_duration_s)
    sounds = (synthesize_clip("small", "train_noisy", index) for index in range(BATCH))
    log_mels = [log_mel.of_clip(sound / np.float32(2**15)) for sound in sounds]
    n_frames = np.array([len(frames) for frames in log_mels])
    again = np.arange(n_clips) % BATCH
    return Store(
        path=Path("synthetic"),
        front_end=log_mel,
        clips=ClipTable("synthetic", pd.DataFrame({"path": [f"{clip}.wav" for clip in again]})),
        frames=np.concatenate(log_mels).astype(np.float16),
        offsets=(n_frames.cumsum() - n_frames)[again],
        n_frames=n_frames[again],
        audio=again.astype(HASH),
        fingerprint="synthetic",
        n_problems=0,
    )


def recipe_of(encoder: str, **changes: object) -> Recipe:
    """Return the paper's recipe for an encoder, both views in one pass and AdamW unless changed."""
    training = {"n_epochs": 1, "batch_size": BATCH, "merge_views": True, **changes}
    changed = {f"training.{key}": value for key, value in training.items()}
    optimizer = {"name": "adamw", "lr": 1e-3, "weight_decay": 1e-4}
    once = {"optimizer": optimizer, "schedule": {"name": "cosine"}, "monitor.every_n_epochs": 2}
    return read_recipe("paper", PRETRAINING, {"encoder.name": encoder, **once, **changed})


def training_of(store: Store, recipe: Recipe) -> ContrastiveTraining:
    """Return the training that `pretrain` makes of a recipe."""
    settings = TrainingSettings(**recipe["training"])
    hardware = choose_hardware(settings.precision, settings.memory_format)
    fabric = hardware.fabric()
    mean, std = log_mel_mean_and_std(store)
    projector = hardware.lay_out(projector_of(recipe))
    return ContrastiveTraining(
        fabric=fabric,
        module=projector,
        optimizer=build(OPTIMIZERS, recipe["optimizer"], projector.parameters()),
        schedule=build(SCHEDULES, recipe["schedule"]),
        criterion=build(LOSSES, recipe["loss"]),
        views=PairOfViews(**recipe["views"], n_bands=store.front_end.n_mels, mean=mean, std=std),
        frames=store.as_frames().to(fabric.device),
        settings=settings,
    )


def projector_of(recipe: Recipe) -> Projector:
    torch.manual_seed(0)
    encoder = build_encoder(recipe["encoder"])
    return Projector(encoder, ProjectionHead(encoder.dim, **recipe["head"]))


def plain_step(projector: Projector, device: str) -> Callable[[], float]:
    """Return a step in plain torch, on fixed views."""
    views = torch.randn(2, BATCH, 101, 96, device=device)
    projector.to(device)
    sgd = torch.optim.SGD(projector.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4)

    def step() -> float:
        z = F.normalize(torch.cat([projector(views[0]), projector(views[1])]), dim=1)
        similarity = (z @ z.T / 0.2).fill_diagonal_(-torch.inf)
        other_view = torch.arange(2 * BATCH, device=device).roll(BATCH)
        loss = F.cross_entropy(similarity, other_view)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        return loss.item()

    return step


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_reference(encoder: str) -> dict[str, float]:
    step = plain_step(projector_of(recipe_of(encoder)), choose_hardware().accelerator)
    step()
    return {"seconds": statistics.median(seconds(step) for _ in range(N_PLAIN))}


def measure_ours(encoder: str, precision: str = "auto", n_steps: int = N_WARM + N_STEPS) -> dict:
    """Return the seconds of a step and of its views, its GFLOP, and the losses."""
    training = training_of(
        store_of(BATCH), recipe_of(encoder, n_epochs=n_steps, precision=precision)
    )
    losses: list[float] = []

    def step() -> None:
        losses.append(training.step(len(losses)).item())

    def views() -> float:
        return training.make_views(training.draws_of(0))[0, 0, 0, 0].item()

    with FlopCounterMode(display=False) as counter:
        step()
    times = [seconds(step) for _ in range(1, n_steps)]
    return {
        "seconds": statistics.median(times[N_WARM - 1 :]),
        "views_seconds": fastest(views)[0],
        "gflop": counter.get_total_flops() / 1e9,
        "losses": losses,
    }


def measure_float32(encoder: str) -> dict:
    return measure_ours(encoder, "32-true", N_COMPARED)


def measure_product(encoder: str) -> dict[str, float]:
    """Return the GFLOP/s of a large matrix product in the precision of the training."""
    hardware = choose_hardware()
    dtype = torch.bfloat16 if hardware.precision == "bf16-mixed" else torch.float32
    a, b = torch.randn(2, PRODUCT, PRODUCT, device=hardware.accelerator).to(dtype)
    (least,) = fastest(lambda: (a @ b)[0, 0].item())
    return {"gflop_per_s": 2 * PRODUCT**3 / 1e9 / least}


def measure_epoch(encoder: str) -> dict[str, float]:
    """Return the seconds of an epoch of `pretrain` and of as many steps alone."""
    store, recipe = store_of(BATCH * STEPS_PER_EPOCH), recipe_of(encoder)
    alone = training_of(store, recipe)
    numbers = range(N_WARM + N_STEPS)
    times = [seconds(lambda number=number: alone.step(number).item()) for number in numbers]
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        run.configure(source="synthetic", clips=store.fingerprint, test_fold=None, recipe=recipe)
        epoch = seconds(lambda: pretrain(store, run, recipe, progress=False))
    return {"seconds": epoch, "alone": STEPS_PER_EPOCH * statistics.median(times[N_WARM:])}


MEASURES = {
    "ours": measure_ours,
    "reference": measure_reference,
    "float32": measure_float32,
    "product": measure_product,
    "epoch": measure_epoch,
}


def rows() -> Iterator[Row]:
    """Yield the steps of every encoder, and an epoch."""
    product = in_a_process(__file__, "product", "-")["gflop_per_s"]
    precision = choose_hardware().precision
    for encoder, name in ENCODERS.items():
        ours, plain, exact = (
            in_a_process(__file__, what, encoder) for what in ("ours", "reference", "float32")
        )
        off = max(abs(a - b) for a, b in zip(ours["losses"], exact["losses"], strict=False))
        yield Row(
            f"{name}, a step",
            BATCH / ours["seconds"],
            "clips/s",
            BATCH / plain["seconds"],
            "float32, a pass a view, SGD, cross-entropy",
            times=False,
            difference=f"{off:.0e} in the loss of {N_COMPARED} steps, {precision} against float32",
        )
        yield Row(
            f"{name}, arithmetic of a step",
            ours["gflop"] / ours["seconds"],
            "GFLOP/s",
            product,
            f"{precision}, a product of {PRODUCT} x {PRODUCT}",
            times=False,
        )
        share = 100 * ours["views_seconds"] / ours["seconds"]
        yield Row(f"{name}, the views' share of a step", share, "%")
    encoder, name = next(iter(ENCODERS.items()))
    epoch = in_a_process(__file__, "epoch", encoder)
    n_clips = STEPS_PER_EPOCH * BATCH
    yield Row(
        f"{name}, an epoch of {n_clips:,} clips",
        n_clips / epoch["seconds"],
        "clips/s",
        n_clips / epoch["alone"],
        "the steps alone",
        times=False,
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        what, encoder = sys.argv[1:]
        print(json.dumps(MEASURES[what](encoder)))
    else:
        print(table(rows()))
