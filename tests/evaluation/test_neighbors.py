import numpy as np
import pytest
import torch
from torch.nn.functional import normalize, one_hot

from soundalike.evaluation.neighbors import (
    ROWS_AT_ONCE,
    at_least,
    class_counts,
    kth_highest,
    similarities_of,
)


@pytest.fixture
def values():
    """More rows than are selected at once, from few values, so ties are common."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(9, (ROWS_AT_ONCE + 10, 30), generator=generator).float()


@pytest.mark.parametrize("k", [1, 7, 30])
def test_kth_highest_is_that_of_a_sorted_row(values, k):
    expected = [sorted(row, reverse=True)[k - 1] for row in values.tolist()]
    assert kth_highest(values, k).tolist() == expected


def test_at_least_selects_in_the_order_of_rows(values):
    bounds = torch.linspace(0, 10, len(values))
    expected = np.argwhere(values.numpy() >= bounds.numpy()[:, None])
    np.testing.assert_array_equal(torch.stack(at_least(values, bounds), dim=1), expected)


def test_class_counts_count_the_selected_references_of_each_row():
    labels = torch.tensor([0, 1, 1, 2])
    row, column = torch.tensor([0, 0, 2, 2, 2]), torch.tensor([1, 2, 0, 1, 3])
    counts = class_counts(one_hot(labels).float(), row, column, n_rows=3)
    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [1, 1, 1]]


def test_references_of_the_own_clip_have_no_similarity():
    x = normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))
    own = torch.tensor([[0, 2], [0, 2], [2, 3], [3, 3], [4, 5]])
    similarities = similarities_of(x, x, own)
    for query, (start, end) in enumerate(own.tolist()):
        for reference in range(5):
            is_own = start <= reference < end
            expected = -np.inf if is_own else float(x[query] @ x[reference])
            assert similarities[query, reference].item() == pytest.approx(expected)
