"""Pairs of views with all that went into them, drawn from a few clips as training draws them."""

import dataclasses
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.audio.inversion import to_waveform
from soundalike.audio.log_mel import LogMel
from soundalike.audio.sound_file import AudioError
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import BrokenClipsError, open_or_prepare, prepare, read_problems
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import training_clips
from soundalike.datasets.store import Store, is_store
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.training.draws import step_generator
from soundalike.views.activity import Activity
from soundalike.views.augmentation import Draws
from soundalike.views.pair import PairOfViews

N_OTHERS = 24  # clips beside those of the pairs, for backgrounds to come from
WITHIN_DB = 60.0  # of a clip's loudest frame, where the recipe does not say what is no silence
FLOOR_DB = 1.0  # how far above the log of nothing is still nothing


@dataclass(frozen=True)
class Cut:
    """A patch, or a background, as it was cut from its clip.

    Args:
        clip: where it is from.
        start_s: where in the clip it starts.
        log_mel: what the store holds there.
        waveform: what the recording holds there, or else sound made of the log_mel.
        is_recorded: which of the two.
        is_silent: whether hardly anything happens in it, by the clip's own loudness.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    clip: Clip
    start_s: float
    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]
    is_recorded: bool
    is_silent: bool


@dataclass(frozen=True)
class View:
    """A finished view, and what it was made of.

    Args:
        patch: what it shows.
        background: what was mixed in, if anything.
        weight: its weight, the same in both views.
        drawn: what each augmentation drew for it, by name, in the order of their use.
        log_mel: of the view, not standardized.
        waveform: sound made of it.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    patch: Cut
    background: Cut | None
    weight: float
    drawn: Mapping[str, Draws]
    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]

    @property
    def cuts(self) -> list[Cut]:
        """What it was made of."""
        return [self.patch] if self.background is None else [self.patch, self.background]


@dataclass(frozen=True)
class Audition:
    """What there is to see and to hear of a source under a recipe.

    Args:
        source: its name.
        n_heard: how many of its clips training hears.
        n_broken: how many of those looked at could not be read.
        front_end: the front end.
        settings: the recipe's section ``views``.
        activity_threshold_db: of the loudest frame, where a frame is not silent.
        seed: of everything random.
        pairs: the two views of each clip.
    """

    source: str
    n_heard: int
    n_broken: int
    front_end: LogMel
    settings: Mapping[str, Any]
    activity_threshold_db: float
    seed: int
    pairs: list[tuple[View, View]]

    @property
    def n_silent_patches(self) -> int:
        """How many of the patches are silent."""
        return sum(view.patch.is_silent for pair in self.pairs for view in pair)


def audition(
    source: str, front_end: LogMel, settings: Mapping[str, Any], n_pairs: int = 8, seed: int = 0
) -> Audition:
    """Make the views of a few clips, spread over those of a source that training hears.

    Only these clips and some others, for backgrounds, are prepared, so it takes seconds however
    many there are. Of a prepared store the frames are taken as they are.

    Args:
        source: as every command takes it.
        front_end: the front end of the recipe.
        settings: its section ``views``, resolved.
        n_pairs: clips to make views of; fewer where there are fewer.
        seed: of which clips, and of their views.

    Raises:
        SourceError: the source cannot be used, or is a store of another front end.
        RecipeError: the views cannot be made of these clips.
        BrokenClipsError: none of the clips that were looked at can be read.
    """
    clips = read_source(source)
    heard = training_clips(clips)
    few = heard[spread(len(heard), n_pairs + N_OTHERS, seed)]
    if is_store(Path(source)):
        store = _in_memory(open_or_prepare(source, Path(source), front_end).select(few))
    else:
        store = _prepared(clips.where(few), front_end)
    _refuse_short_clips(store, settings["patch_frames"])
    with recipe_errors():
        pairs = make_pairs(store, settings, spread(len(store.clips), n_pairs, seed), seed)
    return Audition(
        source=clips.name,
        n_heard=len(heard),
        n_broken=len(few) - len(store.clips),
        front_end=front_end,
        settings=settings,
        activity_threshold_db=_within_db(settings),
        seed=seed,
        pairs=pairs,
    )


def spread(n_clips: int, n_wanted: int, seed: int) -> NDArray[np.int64]:
    """Draw clips from all over a list: one from each of so many equal stretches, all if too few.

    >>> spread(3, 5, seed=0)
    array([0, 1, 2])
    """
    bounds = np.linspace(0, n_clips, min(n_clips, n_wanted) + 1).astype(np.int64)
    return np.random.default_rng(seed).integers(bounds[:-1], bounds[1:])


def make_pairs(
    store: Store, settings: Mapping[str, Any], chosen: NDArray[np.int64], seed: int
) -> list[tuple[View, View]]:
    """Make the two views of each chosen clip of a store that is held in memory.

    Raises:
        ValueError: a setting is out of its range, a clip is shorter than a patch, or there are too
            few clips to mix with.
    """
    views = PairOfViews(**settings, n_bands=store.front_end.n_mels)
    frames = store.as_frames()
    activity = Activity(frames, _within_db(settings))
    draws = views.draw(
        torch.from_numpy(chosen),
        frames.n_frames,
        step_generator(seed, 0, 0),
        None if views.activity_threshold_db is None else activity,
    )
    made = views.apply(frames, draws).numpy()

    def cut(drawn: Draws, pair: int, side: int) -> Cut:
        clip, start = int(drawn["clip"][pair, side]), int(drawn["start"][pair, side])
        return _cut(store, activity, clip, start, views.patch_frames)

    def view(pair: int, side: int) -> View:
        mixing = draws.get("mix_back")
        weight = float(mixing["weight"][pair]) if mixing else 0.0
        return View(
            patch=cut(draws["patches"], pair, side),
            background=cut(mixing, pair, side) if mixing and weight > 0 else None,
            weight=weight,
            drawn={
                name: {key: value[pair, side] for key, value in draws[name].items()}
                for name in views.augmentations
            },
            log_mel=made[side, pair],
            waveform=to_waveform(made[side, pair], store.front_end),
        )

    return [(view(pair, 0), view(pair, 1)) for pair in range(len(chosen))]


def _cut(store: Store, activity: Activity, index: int, start: int, n_frames: int) -> Cut:
    clip = next(iter(store.clips.where(np.array([index]))))
    log_mel = store.of_clip(index)[start : start + n_frames]
    is_active = activity.of_patches(torch.tensor(index), torch.tensor(start), n_frames)
    nothing = math.log10(store.front_end.log_offset) + FLOOR_DB / 10
    try:
        waveform = _recorded(clip, int(store.n_frames[index]), start, n_frames, store.front_end)
        is_recorded = True
    except AudioError:  # gone since the store was made
        waveform, is_recorded = to_waveform(log_mel, store.front_end), False
    return Cut(
        clip=clip,
        start_s=start * store.front_end.hop_s,
        log_mel=log_mel,
        waveform=waveform,
        is_recorded=is_recorded,
        is_silent=not is_active or float(log_mel.max()) < nothing,
    )


def _recorded(
    clip: Clip, n_clip_frames: int, start: int, n_frames: int, front_end: LogMel
) -> NDArray[np.float32]:
    """Read from the center of a patch's first frame to that of its last, as `to_waveform` makes."""
    rate, hop_length = front_end.sample_rate, front_end.hop_length
    first, n_samples = start * hop_length, (n_frames - 1) * hop_length + 1
    n_least = round(front_end.min_duration_s * rate)
    if n_clip_frames > 1 + n_least // hop_length:
        start_s = (clip.start_s or 0.0) + first / rate
        return read_waveform(clip.path, rate, start_s, start_s + n_samples / rate)
    whole = read_waveform(clip.path, rate, clip.start_s, clip.end_s)  # it may have been repeated
    return np.resize(whole, max(n_least, len(whole)))[first : first + n_samples]


def _prepared(clips: ClipTable, front_end: LogMel) -> Store:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "store"
        try:
            return _in_memory(prepare(clips, out, front_end, n_workers=1))
        except BrokenClipsError:  # whose line names a folder that is about to go
            raise BrokenClipsError(
                f"{clips.name}: none of {len(clips)} clips could be read. The first: "
                f"{read_problems(out)[0].message}"
            ) from None


def _in_memory(store: Store) -> Store:
    """Return a store of the same clips that needs no file, and has no frames of others."""
    stretches = zip(store.offsets, store.n_frames, strict=True)
    return dataclasses.replace(
        store,
        frames=np.concatenate([store.frames[first : first + n] for first, n in stretches]),
        offsets=np.cumsum(store.n_frames) - store.n_frames,
    )


def _refuse_short_clips(store: Store, patch_frames: int) -> None:
    shortest = int(store.n_frames.argmin())
    if store.n_frames[shortest] < patch_frames:
        raise RecipeError(
            f"views.patch_frames is {patch_frames} and {store.clips.rows['path'].iloc[shortest]} "
            f"has {store.n_frames[shortest]} frames: take a higher front_end.min_duration_s, or "
            "shorter patches."
        )


def _within_db(settings: Mapping[str, Any]) -> float:
    return settings["activity_threshold_db"] or WITHIN_DB
