"""Selection of the nearest neighbors of many queries.

Queries and references are unit vectors, [queries, dim] and [references, dim]; similarities are
[queries, references]. A selection is two index arrays, the row and the column of each element, with
rows in ascending order.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

ROWS_AT_ONCE = 128  # rows per numpy selection, few enough to stay in the cache


def similarities_of(queries: Tensor, references: Tensor, own: Tensor) -> Tensor:
    """Return the cosine similarity of each query to each reference; -inf to those of its own clip.

    Args:
        queries: unit vectors.
        references: unit vectors, those of a clip next to each other.
        own: first reference of the query's own clip, and the one after the last.

    Shape:
        queries: [queries, dim]; references: [references, dim]; own: [queries, 2]; result: [queries,
        references].
    """
    similarities = queries @ references.T
    similarities[_ranges(*own.T)] = -torch.inf
    return similarities


def kth_highest(values: Tensor, k: int) -> Tensor:
    """Return the k-th highest value of each row: [rows, columns] -> [rows].

    On a CPU this is ten times as fast as torch's topk.
    """
    if values.device.type != "cpu":
        return values.topk(k, sorted=False).values.amin(dim=1)
    array = values.numpy()
    parts = _by_rows(lambda rows: np.partition(array[rows], -k)[:, -k], len(array))
    return torch.from_numpy(np.concatenate(parts))


def at_least(values: Tensor, bounds: Tensor) -> tuple[Tensor, Tensor]:
    """Select the elements that are not below the bound of their row.

    Shape:
        values: [rows, columns]; bounds: [rows]; results: [selected], rows and columns.
    """
    if values.device.type != "cpu":
        row, column = (values >= bounds[:, None]).nonzero(as_tuple=True)
        return row, column
    array, limits = values.numpy(), bounds.numpy()[:, None]

    def select(rows: slice) -> np.ndarray:
        row, column = np.divmod(np.flatnonzero(array[rows] >= limits[rows]), array.shape[1])
        return np.stack([row + rows.start, column])

    row, column = torch.from_numpy(np.concatenate(_by_rows(select, len(array)), axis=1))
    return row, column


def class_counts(has_class: Tensor, row: Tensor, column: Tensor, n_rows: int) -> Tensor:
    """Count the classes of the selected references in each row.

    Shape:
        has_class: [references, classes]; row, column: [selected]; result: [n_rows, classes].
    """
    n_columns = torch.bincount(row, minlength=n_rows)
    return embedding_bag(column, has_class, n_columns.cumsum(0) - n_columns, mode="sum")


def _ranges(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Select the columns start..end - 1 of each row: [rows], [rows] -> [selected], [selected]."""
    n_columns = end - start
    row = torch.arange(len(start), device=start.device).repeat_interleave(n_columns)
    before = n_columns.cumsum(0) - n_columns
    return row, torch.arange(len(row), device=row.device) + (start - before)[row]


def _by_rows(work: Callable[[slice], np.ndarray], n_rows: int) -> list[np.ndarray]:
    """Apply a function to blocks of rows in threads, as numpy does not use threads for this."""
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, n_rows or 1, ROWS_AT_ONCE)]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(work, parts))
