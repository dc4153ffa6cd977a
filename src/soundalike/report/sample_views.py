"""Sample augmented pairs of a source, drawn as training draws them."""

import dataclasses
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.audio.inversion import to_waveform
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.prepare import BrokenClipsError, prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import training_clips
from soundalike.datasets.store import Store, is_store, read_problems
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.report.recordings import read_or_reconstruct
from soundalike.report.view_samples import Cut, View, ViewSamples
from soundalike.runtime.counts import counted
from soundalike.training.draws import step_generator
from soundalike.training.segments import segments_of
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Draws
from soundalike.views.pair import PairOfViews

N_BACKGROUND_CLIPS = 24  # sampled in addition to those of the pairs
DEFAULT_THRESHOLD_DB = 60.0  # where the recipe has no activity_threshold_db
SILENCE_DB = 1.0  # above the floor of the log-mel


def sample_views(
    source: str,
    front_end: LogMel,
    settings: Mapping[str, Any],
    n_pairs: int = 8,
    seed: int = 0,
    clips: ClipTable | None = None,
    segment_s: float | None = None,
) -> ViewSamples:
    """Make the views of a few training clips, spread over the whole source.

    Only these clips, and some others for backgrounds, are prepared, so this takes seconds for a
    source of any size. A prepared store is used directly.

    Args:
        source: as every command takes it.
        front_end: the front end of the recipe.
        settings: its section ``views``, resolved.
        n_pairs: number of clips to make views of, at most.
        seed: random seed for the clips and their views.
        clips: the clips of the source, if it has been read.
        segment_s: its ``training.segment_s``: both patches of a pair come from one segment.

    Raises:
        SourceError: the source cannot be used, or is a store of another front end.
        RecipeError: the views cannot be made of these clips.
        BrokenClipsError: none of the sampled clips can be read.
    """
    clips = read_source(source) if clips is None else clips
    train = training_clips(clips)
    sample = train[spread(len(train), n_pairs + N_BACKGROUND_CLIPS, seed)]
    if is_store(Path(source)):
        store = open_or_prepare(source, Path(source), front_end).select(sample).in_memory()
    else:
        store = _prepare_in_memory(clips.where(sample), front_end)
    _refuse_short_clips(store, settings["patch_frames"])
    with recipe_errors():
        indices = spread(len(store.clips), n_pairs, seed)
        pairs = make_pairs(store, settings, indices, seed, segment_s)
    return ViewSamples(
        source=clips.name,
        n_training_clips=len(train),
        n_sampled=len(sample),
        n_unreadable=len(sample) - len(store.clips),
        front_end=front_end,
        settings=settings,
        activity_threshold_db=_activity_threshold_db(settings),
        segment_s=segment_s,
        seed=seed,
        pairs=pairs,
    )


def spread(n_clips: int, n_samples: int, seed: int) -> NDArray[np.int64]:
    """Sample clips spread over a list: one from each of ``n_samples`` equal stretches.

    Returns:
        Indices in increasing order; all of them if there are too few clips.

    >>> spread(3, 5, seed=0)
    array([0, 1, 2])
    """
    bounds = np.linspace(0, n_clips, min(n_clips, n_samples) + 1).astype(np.int64)
    return np.random.default_rng(seed).integers(bounds[:-1], bounds[1:])


def make_pairs(
    store: Store,
    settings: Mapping[str, Any],
    indices: NDArray[np.int64],
    seed: int,
    segment_s: float | None = None,
) -> list[tuple[View, View]]:
    """Make the two views of some clips of a store that is held in memory.

    Args:
        store: the store.
        settings: the section ``views`` of a recipe.
        indices: clips of the store: [pairs].
        seed: random seed; the views are those of the first step of a training with this seed.
        segment_s: if set, longer clips are divided into segments, as in training, and the views of
            a clip are those of one segment.

    Raises:
        ValueError: a setting is out of its range, a clip is shorter than a patch, or there are too
            few clips to mix with.
    """
    views = PairOfViews(**settings, n_bands=store.front_end.n_mels)
    frames, clip_of_segment = segments_of(store, segment_s, views.patch_frames)
    activity = Activity(frames, _activity_threshold_db(settings))
    draws = views.draw(
        _one_of_each(clip_of_segment, indices, seed),
        frames.n_frames,
        step_generator(seed, 0, 0),
        None if views.activity_threshold_db is None else activity,
    )
    log_mels, n_frames = views.apply(frames, draws).numpy(), views.patch_frames

    def cut(cut_draws: Draws, pair: int, side: int) -> Cut:
        segment, start = int(cut_draws["clip"][pair, side]), int(cut_draws["start"][pair, side])
        first = int(frames.offsets[segment]) + start
        is_active = activity.of_patches(torch.tensor(segment), torch.tensor(start), n_frames)
        return _cut(store, int(clip_of_segment[segment]), first, n_frames, bool(is_active))

    def view(pair: int, side: int) -> View:
        mixing = draws.get("mix_back")
        weight = float(mixing["weight"][pair]) if mixing else 0.0
        return View(
            patch=cut(draws["patches"], pair, side),
            background=cut(mixing, pair, side) if mixing and weight > 0 else None,
            weight=weight,
            draws={
                name: {key: value[pair, side] for key, value in draws[name].items()}
                for name in views.augmentations
            },
            log_mel=log_mels[side, pair],
            waveform=to_waveform(log_mels[side, pair], store.front_end),
        )

    return [(view(pair, 0), view(pair, 1)) for pair in range(len(indices))]


def _one_of_each(
    clip_of_segment: torch.Tensor, clips: NDArray[np.int64], seed: int
) -> torch.Tensor:
    """Return a random segment of each clip, [clips]."""
    n_segments = clip_of_segment.bincount().numpy()
    firsts = n_segments.cumsum() - n_segments
    chosen = np.random.default_rng(seed).integers(n_segments[clips])
    return torch.from_numpy(firsts[clips] + chosen)


def _cut(store: Store, index: int, first: int, n_frames: int, is_active: bool) -> Cut:
    """Return a stretch of a clip, which begins at a frame of the store."""
    clip = next(iter(store.clips.where(np.array([index]))))
    start = first - int(store.offsets[index])
    excerpt = read_or_reconstruct(store, index, start, n_frames)
    silence = math.log10(store.front_end.log_offset) + SILENCE_DB / 10
    is_inaudible = store.audio[index] == b"" or float(excerpt.log_mel.max()) < silence
    return Cut(
        clip=dataclasses.replace(clip, path=store.clips.relative_paths().iloc[index]),
        clip_s=excerpt.clip_s,
        is_repeated=excerpt.is_repeated,
        start_s=start * store.front_end.hop_s,
        log_mel=excerpt.log_mel,
        waveform=excerpt.waveform,
        is_recorded=excerpt.is_recorded,
        is_silent=not is_active or is_inaudible,
        is_inaudible=is_inaudible,
    )


def _prepare_in_memory(clips: ClipTable, front_end: LogMel) -> Store:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "store"
        try:
            return prepare(clips, out, front_end, n_workers=1).in_memory()
        except BrokenClipsError:  # its message names the temporary folder
            raise BrokenClipsError(
                f"{clips.name}: of {counted(len(clips), 'clip')}, none could be read. The first: "
                f"{read_problems(out)[0].message}"
            ) from None


def _refuse_short_clips(store: Store, patch_frames: int) -> None:
    shortest = int(store.n_frames.argmin())
    if store.n_frames[shortest] < patch_frames:
        n_frames, hop_s = int(store.n_frames[shortest]), store.front_end.hop_s
        raise RecipeError(
            f"views.patch_frames is {patch_frames} ({(patch_frames - 1) * hop_s:.2f} s) and "
            f"{store.clips.rows['path'].iloc[shortest]} has {n_frames} frames "
            f"({(n_frames - 1) * hop_s:.2f} s): choose a higher front_end.min_duration_s or "
            "shorter patches."
        )


def _activity_threshold_db(settings: Mapping[str, Any]) -> float:
    return settings["activity_threshold_db"] or DEFAULT_THRESHOLD_DB
