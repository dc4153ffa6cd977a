"""Views: the whole batch in torch beside one view after the other in numpy."""

import time
from collections.abc import Callable

import numpy as np
import torch

from soundalike.views.pair import PairOfViews

RECIPE = {
    "mix_back": {"alpha": 0.05, "source": "other_clips"},
    "resized_crop": {"area": (0.8, 1.0), "aspect": (3 / 4, 4 / 3)},
    "compression": {"lowest": 0.75},
    "noise": {"highest_std": 0.01},
}
MEAN, STD = -4.0, 1.5
BATCH, N_CLIPS = 128, 1000


def reference(frames: np.ndarray, offsets: np.ndarray, draws: dict) -> np.ndarray:
    """Make the views of the given draws one after the other, in float64."""
    views = np.empty((2, len(draws["patches"]["clip"]), 101, 96), np.float32)
    for view, clip in np.ndindex(views.shape[:2]):
        x = cut(frames, offsets, draws["patches"], clip, view)
        background = cut(frames, offsets, draws["mix_back"], clip, view)
        x = mix(x, background, draws["mix_back"]["weight"][clip])
        box = {key: value[clip, view] for key, value in draws["resized_crop"].items()}
        x = stretch(x, box["first_frame"], box["n_frames"])
        x = stretch(x.T, box["first_band"], box["n_bands"]).T
        x = x * draws["compression"]["factor"][clip, view]
        noise = normal(draws["noise"]["seed"][clip, view], x.size).reshape(x.shape)
        x = x + draws["noise"]["std"][clip, view] * noise
        views[view, clip] = (x - MEAN) / STD
    return views


def cut(frames: np.ndarray, offsets: np.ndarray, draws: dict, clip: int, view: int) -> np.ndarray:
    start = offsets[draws["clip"][clip, view]] + draws["start"][clip, view]
    return frames[start : start + 101].astype(np.float64)


def mix(patch: np.ndarray, background: np.ndarray, weight: float) -> np.ndarray:
    x, b = 10**patch, 10**background
    return np.log10((1 - weight) * x + weight * x.sum() / b.sum() * b)


def stretch(x: np.ndarray, first: int, size: int) -> np.ndarray:
    position = np.clip((np.arange(len(x)) + 0.5) * size / len(x) - 0.5, 0, size - 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, size - 1)
    share = (position - below)[:, None]
    return (1 - share) * x[first + below] + share * x[first + above]


def normal(seed: int, n_values: int) -> np.ndarray:
    counter = np.arange(1, n_values // 2 + 1, dtype=np.uint64)
    z = np.uint64(seed) + counter * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    radius = np.sqrt(-2 * np.log(((z >> np.uint64(32)) + 0.5) / 2**32))
    angle = 2 * np.pi * (z & np.uint64(2**32 - 1)) / 2**32
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])


def best_ms(make: Callable[[], object], n_runs: int) -> float:
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        make()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def main() -> None:
    generator = torch.Generator().manual_seed(0)
    n_frames = torch.randint(101, 1001, (N_CLIPS,), generator=generator)
    offsets = n_frames.cumsum(0) - n_frames
    frames = torch.randn(int(n_frames.sum()), 96, generator=generator).mul(STD).add(MEAN).half()
    clips = torch.randperm(N_CLIPS, generator=generator)[:BATCH]
    views = PairOfViews(**RECIPE, mean=MEAN, std=STD)
    draws = views.draw(clips, n_frames, generator)

    plain_draws = {
        name: {key: value.numpy() for key, value in step.items()} for name, step in draws.items()
    }
    expected = reference(frames.numpy(), offsets.numpy(), plain_draws)
    reference_ms = best_ms(lambda: reference(frames.numpy(), offsets.numpy(), plain_draws), 5)
    difference = np.abs(views.apply(frames, offsets, draws).numpy() - expected).max()

    print("size                threads     ours  reference  ratio  largest difference")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ours_ms = best_ms(
            lambda: views.apply(frames, offsets, views.draw(clips, n_frames, generator)), 50
        )
        print(
            f"2 x {BATCH} x 101 x 96 {threads:>7} {ours_ms:>5.1f} ms {reference_ms:>7.1f} ms"
            f" {reference_ms / ours_ms:>6.1f} {difference:>19.1e}"
        )


if __name__ == "__main__":
    main()
