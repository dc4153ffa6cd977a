"""Two views of every clip of a batch: the whole batch in torch, against one view at a time.

The reference is a plain single-process pipeline: numpy cuts, mixes and compresses, Pillow resizes
the crop, and numpy's generator makes the noise; once in float64, numpy's default, and once in
float32 throughout. To compare results only, it makes the noise from our draws, which is a hash.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from measure import Row, fastest, table
from PIL import Image
from scipy.stats import norm

from soundalike.audio.frames import Frames
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.views.pair import PairOfViews

MEAN, STD = -4.0, 1.5
BATCH, N_CLIPS, N_FRAMES, N_BANDS = 128, 1000, 101, 96
N_RUNS = 30
DTYPES = np.float64, np.float32

Noise = Callable[[int], np.ndarray]
"""From a seed to standard normal numbers for a patch: [frames, bands]."""


def reference(frames: np.ndarray, offsets: np.ndarray, draws: dict, noise: Noise) -> np.ndarray:
    """Make the views of these draws one at a time."""
    views = np.empty((2, len(draws["patches"]["clip"]), N_FRAMES, N_BANDS), np.float32)
    for view, clip in np.ndindex(views.shape[:2]):
        x = cut(frames, offsets, draws["patches"], clip, view)
        background = cut(frames, offsets, draws["mix_back"], clip, view)
        x = mix(x, background, draws["mix_back"]["weight"][clip])
        x = stretch(x, **{key: value[clip, view] for key, value in draws["resized_crop"].items()})
        x = x * draws["compression"]["factor"][clip, view]
        x = x + draws["noise"]["std"][clip, view] * noise(draws["noise"]["seed"][clip, view])
        views[view, clip] = (x - MEAN) / STD
    return views


def cut(frames: np.ndarray, offsets: np.ndarray, draws: dict, clip: int, view: int) -> np.ndarray:
    start = offsets[draws["clip"][clip, view]] + draws["start"][clip, view]
    return frames[start : start + N_FRAMES]


def mix(patch: np.ndarray, background: np.ndarray, weight: float) -> np.ndarray:
    x, b = 10**patch, 10**background
    return np.log10((1 - weight) * x + weight * x.sum() / b.sum() * b)


def stretch(
    x: np.ndarray, first_frame: int, first_band: int, n_frames: int, n_bands: int
) -> np.ndarray:
    box = x[first_frame : first_frame + n_frames, first_band : first_band + n_bands]
    image = Image.fromarray(np.ascontiguousarray(box, np.float32))  # Pillow knows no float64
    return np.asarray(image.resize((N_BANDS, N_FRAMES), Image.Resampling.BILINEAR))


def generated(seed: int, dtype: type) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((N_FRAMES, N_BANDS), dtype)


def hashed(seed: int) -> np.ndarray:
    """Make the noise of the draws: every 16 bits of SplitMix64 choose a normal quantile."""
    counter = np.arange(1, N_FRAMES * N_BANDS // 4 + 1, dtype=np.uint64)
    z = np.uint64(seed) + counter * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    share = (z.view(np.int16) + 2.0**15 + 0.5) / 2**16
    return norm.ppf(share).reshape(N_FRAMES, N_BANDS).astype(np.float32)


def rows() -> Iterator[Row]:
    """Yield the views a second, on one thread and on all."""
    keep_freed_memory()
    generator = torch.Generator().manual_seed(0)
    n_frames = torch.randint(N_FRAMES, 1001, (N_CLIPS,), generator=generator)
    offsets = n_frames.cumsum(0) - n_frames
    shape = int(n_frames.sum()), N_BANDS
    values = torch.randn(shape, generator=generator).mul(STD).add(MEAN).half()
    frames = Frames(values, offsets, n_frames)
    clips = torch.randperm(N_CLIPS, generator=generator)[:BATCH]
    views = PairOfViews(**read_recipe("paper", PRETRAINING)["views"], mean=MEAN, std=STD)
    draws = views.draw(clips, n_frames, generator)
    stored = {dtype: values.numpy().astype(dtype) for dtype in DTYPES}
    plain_draws = {
        name: {key: value.numpy() for key, value in step.items()} for name, step in draws.items()
    }

    def ours() -> torch.Tensor:
        return views.apply(frames, views.draw(clips, n_frames, generator))

    def plain(dtype: type, noise: Noise | None = None) -> np.ndarray:
        noise = noise or partial(generated, dtype=dtype)
        return reference(stored[dtype], offsets.numpy(), plain_draws, noise)

    off = np.abs(views.apply(frames, draws).numpy() - plain(np.float32, hashed)).max()
    n_threads = torch.get_num_threads()
    for threads in sorted({1, n_threads}):
        torch.set_num_threads(threads)
        seconds, *plain_seconds = fastest(
            ours, *(partial(plain, dtype) for dtype in DTYPES), n_runs=N_RUNS
        )
        for dtype, reference_seconds in zip(DTYPES, plain_seconds, strict=True):
            yield Row(
                f"2 x {BATCH} views, {threads} thread{'s' * (threads > 1)}",
                2 * BATCH / seconds,
                "views/s",
                2 * BATCH / reference_seconds,
                f"view by view, numpy and Pillow, {dtype.__name__}, 1 process",
                times=False,
                difference=f"{off:.0e} standard deviations",
            )
    torch.set_num_threads(n_threads)


if __name__ == "__main__":
    print(table(rows()))
