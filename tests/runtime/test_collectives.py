"""Sums and concatenations over ranks, against one process that has all tensors."""

import torch
from ranked import on_ranks

from soundalike.runtime.collectives import gather, mean_and_std, sum_over_ranks
from soundalike.runtime.ranks import own_share, rank

ROWS = torch.randn(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def collect():
    """A whole loss on each rank, from its rows and those that it gathers."""
    rows = ROWS[own_share(7)].clone().requires_grad_()
    everything = gather(rows, 7)
    loss = (everything.cumsum(0) ** 2).sum()
    loss.backward()
    statistics = mean_and_std(ROWS[own_share(7)])
    total = sum_over_ranks(torch.tensor([1.0 + rank()]))
    numbers = everything.detach(), rows.grad, *statistics, total
    return [tensor.tolist() for tensor in numbers]


def test_sums_gathered_rows_and_their_gradients():
    rows = ROWS.clone().requires_grad_()
    (rows.cumsum(0) ** 2).sum().backward()
    for n_ranks in (2, 3):
        results = on_ranks(n_ranks, collect)
        gradients = []
        for everything, gradient, mean, std, total in results:
            assert everything == ROWS.tolist()
            gradients += gradient
            torch.testing.assert_close(
                torch.tensor([mean, std]).double(), torch.stack([ROWS.mean(), ROWS.std()])
            )
            assert total == [n_ranks * (n_ranks + 1) / 2]
        # Of the sum of all ranks' losses; their mean, which DDP takes, is that of the loss.
        torch.testing.assert_close(torch.tensor(gradients).double() / n_ranks, rows.grad)


def test_alone_nothing_is_copied():
    assert gather(ROWS, 7) is ROWS
    assert sum_over_ranks(ROWS) is ROWS
    assert mean_and_std(ROWS) == (ROWS.mean(), ROWS.std())
