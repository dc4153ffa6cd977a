"""Randomness is a function of (seed, epoch, step) alone."""

import numpy as np
import torch

from soundalike.training.draws import batches, batches_apart, clip_order, step_generator


def test_an_epoch_hears_every_clip_once_in_an_order_of_its_own():
    orders = [clip_order(50, seed=0, epoch=epoch) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(50))
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], clip_order(50, seed=0, epoch=2))


def test_every_step_draws_something_else_and_the_same_again():
    def draw(*key: int) -> list[float]:
        return torch.rand(4, generator=step_generator(*key)).tolist()

    keys = [(seed, epoch, step) for seed in range(3) for epoch in range(3) for step in range(3)]
    assert len({tuple(draw(*key)) for key in keys}) == len(keys)
    assert draw(1, 2, 0) == draw(1, 2, 0)


def test_the_last_short_batch_is_kept_unless_it_is_a_single_clip():
    assert [len(batch) for batch in batches(np.arange(10), 4)] == [4, 4, 2]
    assert [len(batch) for batch in batches(np.arange(9), 4)] == [4, 4]
    assert [len(batch) for batch in batches(np.arange(3), 4)] == [3]


def test_segments_of_one_clip_do_not_meet_in_a_batch():
    clips = np.repeat(np.arange(40), np.arange(40) % 5 + 1)  # 120 segments
    for epoch in range(3):
        cut = batches_apart(clips, 10, seed=0, epoch=epoch)
        assert sorted(np.concatenate(cut)) == list(range(120))
        assert all(len(batch) == 10 for batch in cut)
        assert all(len(set(clips[batch])) == len(batch) for batch in cut)


def test_a_clip_with_more_segments_than_batches_is_spread_evenly():
    clips = np.array([0] * 30 + list(range(1, 31)))
    for batch in batches_apart(clips, 20, seed=0, epoch=0):
        assert (clips[batch] == 0).sum() == 10


def test_apart_every_epoch_has_an_order_of_its_own():
    first, second, again = (
        np.concatenate(batches_apart(np.arange(50), 8, seed=0, epoch=epoch)) for epoch in (0, 1, 0)
    )
    assert not np.array_equal(first, second)
    assert np.array_equal(first, again)
