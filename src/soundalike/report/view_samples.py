"""Augmented pairs for a page, with the patches and backgrounds that they are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip
from soundalike.views.augmentation import Draws


@dataclass(frozen=True)
class Cut:
    """A patch or a background, as cut from its clip.

    Args:
        clip: the clip it is cut from; its path is relative to the source where it is below it.
        clip_s: duration of the clip.
        is_repeated: if true, the clip is shorter than the front end needs and was repeated.
        start_s: start within the clip.
        log_mel: its frames in the store.
        waveform: the recording, or a reconstruction from `log_mel` where the recording is gone.
        is_recorded: if true, `waveform` is the recording.
        is_silent: if true, it is almost silent by the standard of its clip.
        is_inaudible: if true, there is no sound in it at all.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    clip: Clip
    clip_s: float
    is_repeated: bool
    start_s: float
    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]
    is_recorded: bool
    is_silent: bool
    is_inaudible: bool = False


@dataclass(frozen=True)
class View:
    """A finished view and its ingredients.

    Args:
        patch: the patch it is made from.
        background: the background mixed in, if any.
        weight: weight of the background, the same in both views of a pair.
        draws: draws of each augmentation for this view, by name, in order of application.
        log_mel: the view, not standardized.
        waveform: a reconstruction from `log_mel`.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    patch: Cut
    background: Cut | None
    weight: float
    draws: Mapping[str, Draws]
    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]

    @property
    def cuts(self) -> list[Cut]:
        """The patch, and the background if there is one."""
        return [self.patch] if self.background is None else [self.patch, self.background]


@dataclass(frozen=True)
class ViewSamples:
    """Augmented pairs that represent what a recipe makes of a source.

    Args:
        source: name of the source.
        n_training_clips: number of clips listed for training, readable or not.
        n_sampled: number of clips that were read for the pairs and their backgrounds.
        n_unreadable: number of those that could not be read.
        front_end: the front end.
        settings: the section ``views`` of the recipe.
        activity_threshold_db: frames more than this below the clip's loudest one count as silent.
        segment_s: longest segment that both patches of a pair come from; None for whole clips.
        seed: random seed.
        pairs: the two views of each sampled clip.
    """

    source: str
    n_training_clips: int
    n_sampled: int
    n_unreadable: int
    front_end: LogMel
    settings: Mapping[str, Any]
    activity_threshold_db: float
    segment_s: float | None
    seed: int
    pairs: list[tuple[View, View]]

    @property
    def cuts(self) -> list[Cut]:
        """All patches and backgrounds."""
        return [cut for pair in self.pairs for view in pair for cut in view.cuts]

    @property
    def n_silent_patches(self) -> int:
        """Number of patches that are almost silent."""
        return sum(view.patch.is_silent for pair in self.pairs for view in pair)
