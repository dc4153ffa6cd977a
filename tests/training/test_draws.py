"""Randomness is a function of (seed, epoch, step) alone."""

import numpy as np
import pytest
import torch

from soundalike.training import draws
from soundalike.training.draws import (
    batches,
    batches_of_distinct_sounds,
    check_generator,
    clip_order,
    draws_on,
    step_generator,
)


def test_an_epoch_has_every_clip_once_in_its_own_order():
    orders = [clip_order(50, seed=0, epoch=epoch) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(50))
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], clip_order(50, seed=0, epoch=2))


def test_every_step_has_its_own_reproducible_draws():
    def draw(*key: int) -> list[float]:
        return torch.rand(4, generator=step_generator(*key)).tolist()

    keys = [(seed, epoch, step) for seed in range(3) for epoch in range(3) for step in range(3)]
    assert len({tuple(draw(*key)) for key in keys}) == len(keys)
    assert draw(1, 2, 0) == draw(1, 2, 0)


def test_a_short_last_batch_is_used_unless_it_is_a_single_clip():
    assert [len(batch) for batch in batches(np.arange(10), 4)] == [4, 4, 2]
    assert [len(batch) for batch in batches(np.arange(9), 4)] == [4, 4]
    assert [len(batch) for batch in batches(np.arange(3), 4)] == [3]


def distinct(sounds, batch_size, epoch=0):
    order = clip_order(len(sounds), 0, epoch)
    return batches_of_distinct_sounds(order, sounds, batch_size, seed=0, epoch=epoch)


@pytest.mark.parametrize("n_copies", [0, 1, 2])
def test_a_copy_of_a_clip_changes_at_most_two_places(n_copies):
    """Only where copies meet in a batch; all other clips stay in the batches that they had."""
    for epoch in range(20):
        sounds = np.arange(50)
        sounds[10 : 10 + n_copies] = sounds[0]
        usual = batches(clip_order(50, 0, epoch), 8)
        ours = distinct(sounds, 8, epoch)
        assert sorted(np.concatenate(ours)) == list(range(50))
        assert all(len(set(sounds[batch])) == len(batch) for batch in ours)
        n_changes = sum((a != b).sum() for a, b in zip(ours, usual, strict=True))
        n_meetings = sum(len(batch) - len(set(sounds[batch])) for batch in usual)
        assert n_changes == 2 * n_meetings


def test_an_epoch_s_order_is_not_modified():
    order = clip_order(50, 0, 0)
    batches_of_distinct_sounds(order, np.arange(50) // 2, 8, seed=0, epoch=0)
    assert np.array_equal(order, clip_order(50, 0, 0))


def test_segments_of_a_clip_do_not_share_a_batch():
    clips = np.repeat(np.arange(40), np.arange(40) % 5 + 1)  # 120 segments
    for epoch in range(3):
        all_batches = distinct(clips, 10, epoch)
        assert sorted(np.concatenate(all_batches)) == list(range(120))
        assert all(len(batch) == 10 for batch in all_batches)
        assert all(len(set(clips[batch])) == len(batch) for batch in all_batches)


def test_a_clip_with_more_segments_than_batches_is_spread_evenly():
    clips = np.array([0] * 30 + list(range(1, 31)))
    for batch in distinct(clips, 20):
        assert (clips[batch] == 0).sum() == 10


@pytest.mark.parametrize(("sounds", "batch_size"), [([0, 0, 0], 2), ([0, 0], 4), ([3, 3, 1, 1], 3)])
def test_copies_that_cannot_be_separated_stay_together(sounds, batch_size):
    usual = batches(clip_order(len(sounds), 0, 0), batch_size)
    ours = distinct(np.array(sounds), batch_size)
    assert [len(batch) for batch in ours] == [len(batch) for batch in usual]
    assert sorted(np.concatenate(ours)) == sorted(np.concatenate(usual))


def test_every_epoch_has_its_own_order():
    sounds = np.arange(50) // 2
    first, second, again = (np.concatenate(distinct(sounds, 8, epoch)) for epoch in (0, 1, 0))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, again)


def test_checks_draw_from_their_own_stream():
    check = torch.rand(4, generator=check_generator(3))
    assert torch.equal(check, torch.rand(4, generator=check_generator(3)))
    assert not torch.equal(check, torch.rand(4, generator=step_generator(3, 0, 0)))
    assert not torch.equal(check, torch.rand(4, generator=check_generator(4)))


DRAWS = {
    "patches": {"clip": torch.arange(6).view(3, 2), "start": torch.arange(6).view(3, 2)},
    "mix_back": {"clip": torch.zeros(3, 2).long(), "weight": torch.rand(3, 2)},
    "noise": {"std": torch.rand(3, 2), "seed": torch.arange(6).view(3, 2)},
    "masks": {"edges": torch.rand(3, 2, 4), "is_used": torch.rand(3, 2) > 0.5},
}


def test_draws_move_in_one_copy_for_each_data_type(monkeypatch):
    copies = []
    monkeypatch.setattr(draws, "to_device", lambda t, device: copies.append(t) or t)
    moved = draws_on(DRAWS, torch.device("meta"))
    assert sorted(str(copy.dtype) for copy in copies) == [
        "torch.bool",
        "torch.float32",
        "torch.int64",
    ]
    for step, of_step in DRAWS.items():
        assert moved[step].keys() == of_step.keys()
        for name, values in of_step.items():
            assert torch.equal(moved[step][name], values)


def test_clips_and_starts_stay_on_the_cpu():
    moved = draws_on(DRAWS, torch.device("meta"))
    devices = {
        name: value.device.type for of_step in moved.values() for name, value in of_step.items()
    }
    assert devices == dict.fromkeys(("weight", "std", "seed", "edges", "is_used"), "meta") | {
        "clip": "cpu",
        "start": "cpu",
    }
    assert draws_on(DRAWS, torch.device("cpu")) == DRAWS
