"""Which patches are active."""

import numpy as np
import pytest
import torch

from soundalike.audio.frames import Frames
from soundalike.views.activity import Activity
from soundalike.views.pair import PairOfViews

QUIET = -8.0


def clip_with_sound(n_frames: int, first: int, end: int) -> torch.Tensor:
    """Return a clip that is quiet except for some frames: [frames, 8 bands]."""
    log_mel = torch.full((n_frames, 8), QUIET)
    log_mel[first:end] = -1.0
    return log_mel


def activity_of(
    *clips: torch.Tensor, activity_threshold_db: float = 30.0
) -> tuple[Activity, torch.Tensor]:
    n_frames = torch.tensor([len(clip) for clip in clips])
    offsets = n_frames.cumsum(0) - n_frames
    frames = Frames(torch.cat(clips).half(), offsets, n_frames)
    return Activity(frames, activity_threshold_db), n_frames


@pytest.mark.parametrize("block_frames", [2**16, 30])
def test_equals_the_definition_in_plain_loops(
    block_frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where few clips are processed at a time."""
    monkeypatch.setattr("soundalike.views.activity.BLOCK_FRAMES", block_frames)
    generator = torch.Generator().manual_seed(0)
    clips = [3 * torch.randn(n, 8, generator=generator).half() for n in (40, 25, 60)]
    activity, _ = activity_of(*clips, activity_threshold_db=20)
    for number, clip in enumerate(clips):
        energies = [sum(10.0 ** float(value) for value in frame) for frame in clip]
        active = [energy >= max(energies) / 100 for energy in energies]
        for start in range(len(clip) - 20 + 1):
            expected = sum(active[start : start + 20]) >= min(5, sum(active))
            assert activity.of_patches(torch.tensor(number), torch.tensor(start), 20) == expected


def test_a_patch_of_silence_is_not_active() -> None:
    activity, _ = activity_of(clip_with_sound(300, 200, 250), clip_with_sound(300, 0, 300))
    clips, starts = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0, 99, 180, 0, 199])
    assert activity.of_patches(clips, starts, 101).tolist() == [False, False, True, True, True]


def test_a_click_is_enough_in_an_otherwise_silent_clip() -> None:
    activity, _ = activity_of(clip_with_sound(300, 150, 152))
    starts = torch.tensor([0, 49, 51, 100, 151])
    assert activity.of_patches(torch.zeros(5, dtype=torch.int64), starts, 101).tolist() == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_neither_gain_nor_neighboring_clips_matter() -> None:
    loud, soft = clip_with_sound(300, 200, 250), clip_with_sound(300, 20, 90)
    alone, _ = activity_of(soft)
    beside, _ = activity_of(loud + 3, soft - 3, loud)
    starts = torch.arange(200)
    expected = alone.of_patches(torch.zeros(200, dtype=torch.int64), starts, 101)
    assert torch.equal(beside.of_patches(torch.ones(200, dtype=torch.int64), starts, 101), expected)


def test_views_are_cut_from_active_parts() -> None:
    activity, n_frames = activity_of(clip_with_sound(1000, 700, 800), clip_with_sound(400, 0, 400))
    views = PairOfViews(n_bands=8, activity_threshold_db=30.0)
    clips = torch.tensor([0, 1]).repeat(50)
    draws = views.draw(clips, n_frames, torch.Generator().manual_seed(0), activity)
    patches = draws["patches"]
    active = activity.of_patches(patches["clip"], patches["start"], 101).all(dim=1)
    anywhere = views.draw(clips, n_frames, torch.Generator().manual_seed(0))["patches"]
    by_chance = activity.of_patches(anywhere["clip"], anywhere["start"], 101).all(dim=1)
    assert active[clips == 1].all()
    assert active[clips == 0].sum() > 3 * by_chance[clips == 0].sum()
    starts = patches["start"][clips == 0][active[clips == 0]]
    assert len(np.unique(starts)) > 5


def test_a_threshold_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="activity_threshold_db must be above 0, got 0"):
        PairOfViews(activity_threshold_db=0)
