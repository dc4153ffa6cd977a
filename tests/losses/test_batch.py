"""The information that a loss gets about a batch."""

import pytest
import torch

from soundalike.losses.batch import Batch


def test_a_batch_knows_nothing_by_default():
    batch = Batch()
    assert (batch.clips, batch.labels, batch.weights, batch.progress) == (None, None, None, 0.0)


def test_selecting_rows_selects_from_every_tensor():
    batch = Batch(
        torch.arange(3), torch.tensor([5, 6, 7]), torch.tensor([0.1, 0.2, 0.3]), progress=0.5
    )
    part = batch.select(torch.tensor([2, 0]))
    assert part.clips.tolist() == [2, 0]
    assert part.labels.tolist() == [7, 5]
    torch.testing.assert_close(part.weights, torch.tensor([0.3, 0.1]))
    assert part.progress == 0.5
    assert Batch().select(torch.tensor([0])) == Batch()


def test_without_weights_the_mean_is_plain():
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert Batch().mean(losses) == losses.mean()


def test_selecting_rows_keeps_what_clips_are_mixed_with():
    batch = Batch(shares=torch.tensor([0.1, 0.9]), other_labels=torch.tensor([3, 4]))
    part = batch.select(torch.tensor([1]))
    assert (part.shares.item(), part.other_labels.item()) == (pytest.approx(0.9), 4)
