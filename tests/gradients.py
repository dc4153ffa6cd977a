"""Losses and gradients of a training step on several ranks, against one process, in float64.

    python tests/gradients.py

prints the largest relative differences for every loss, for docs/reliability.md.
"""

import dataclasses
from pkgutil import resolve_name

import numpy as np
import torch
from ranked import on_ranks

from soundalike.audio.frames import Frames
from soundalike.losses import LOSSES
from soundalike.models.heads import ProjectionHead
from soundalike.models.vgg import VGG
from soundalike.optim.schedules import CosineSchedule
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.synchronized_batch_norm import synchronize_batch_norms
from soundalike.views.pair import PairOfViews

VIEWS = {"mix_back": {"alpha": 0.05}, "resized_crop": {}, "compression": {}, "noise": {}}
IN_TWO_PASSES = "nt_xent"  # also with one pass for each view
N_RANKS, N_CLIPS = (1, 2, 4), 7
# A gradient that is zero but for rounding has no relative difference.
LEAST_SHARE = 1e-3  # of the largest gradient


def step_of_every_loss(n_clips):
    """Return the loss and the gradients by name of one step, on this rank."""
    torch.set_default_dtype(torch.float64)
    hardware = dataclasses.replace(
        choose_hardware("32-true"), precision="64-true", accelerator="cpu"
    )
    rng = np.random.default_rng(0)
    n_frames = np.full(n_clips, 150)
    values = rng.standard_normal((n_frames.sum(), 96)).astype(np.float32)
    frames = Frames.from_arrays(values, np.cumsum(n_frames) - n_frames, n_frames)
    results = {}
    for name in [*LOSSES, f"{IN_TWO_PASSES}, two passes"]:
        torch.manual_seed(0)
        criterion = resolve_name(LOSSES[name.partition(",")[0]])()
        encoder = VGG(width=4)
        projector = Projector(encoder, ProjectionHead(encoder.dim, 16, 8))
        network = criterion.network(projector, 8)
        synchronize_batch_norms(network)
        training = ContrastiveTraining(
            fabric=hardware.fabric(),
            module=network,
            optimizer=torch.optim.SGD(projector.parameters(), lr=0.1),
            schedule=CosineSchedule(1),
            criterion=criterion,
            views=PairOfViews(**VIEWS, mean=-3.0, std=2.0),
            frames=frames,
            settings=TrainingSettings(
                n_epochs=1, batch_size=n_clips, merge_views="," not in name, post_norm=True
            ),
            labels=np.arange(n_clips) // 2 if criterion.needs_labels else None,
        )
        loss = training.step(0)
        parameters = training.module.module.named_parameters()
        gradients = {key: each.grad.numpy() for key, each in parameters if each.grad is not None}
        results[name] = float(loss), gradients
    return results


def differences(n_ranks, n_clips):
    """Return the largest relative differences of the loss and of a gradient, for every loss."""
    (alone,) = on_ranks(1, step_of_every_loss, n_clips)
    results = dict.fromkeys(alone, (0.0, 0.0))
    for on_rank in on_ranks(n_ranks, step_of_every_loss, n_clips):
        assert on_rank.keys() == alone.keys()
        for name, (loss, gradients) in alone.items():
            other_loss, other_gradients = on_rank[name]
            assert other_gradients.keys() == gradients.keys()
            least = LEAST_SHARE * max(abs(gradient).max() for gradient in gradients.values())
            of_gradients = [
                abs(other_gradients[key] - gradient).max() / max(abs(gradient).max(), least)
                for key, gradient in gradients.items()
            ]
            of_loss = abs(other_loss - loss) / abs(loss)
            largest = (max(of_loss, results[name][0]), max(*of_gradients, results[name][1]))
            results[name] = largest
    return results


def main():
    """Print the table."""
    by_size = {n_ranks: differences(n_ranks, N_CLIPS) for n_ranks in N_RANKS}
    print("|", " | ".join(["loss", *(f"{n} ranks: loss, gradient" for n in N_RANKS)]), "|")
    print("|---" + len(N_RANKS) * "|---:" + "|")
    for name in by_size[N_RANKS[0]]:
        cells = ["{:.0e}, {:.0e}".format(*by_size[n_ranks][name]) for n_ranks in N_RANKS]
        print(f"| `{name}` |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
