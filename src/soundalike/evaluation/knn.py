"""Nearest-neighbor classification of clips: the label-free progress of pre-training, measured.

Fonseca et al. 2021 choose the best epoch of pre-training by it. Nothing is fitted, so it asks only
whether sounds of one class already lie together.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize, one_hot

SIMILARITIES_AT_ONCE = 2**25  # 128 MB of float32
ROWS_AT_ONCE = 128  # of these for numpy to select from: few enough to stay in the cache


def knn_scores(
    queries: Tensor,
    query_clips: Tensor,
    references: Tensor,
    reference_clips: Tensor,
    reference_labels: Tensor,
    n_classes: int,
    k: int = 200,
    chunk: int | None = None,
    bf16_first: bool = False,
) -> Tensor:
    """Score the classes of each query clip by the nearest reference patches of other clips.

    Each patch asks its ``k`` neighbors by cosine similarity. With one label a clip it votes for
    the class of most of them, the lower one of equals, so the highest score of a clip is the
    majority of its patches' majorities. With several labels its vote is the share of neighbors
    that have the class. A clip's score is the mean of its patches' votes. A clip is never its own
    neighbor: with queries equal to references this is leave-one-clip-out. All that are as near as
    the last neighbor are asked too, so the order of the references does not matter.

    Args:
        queries: embeddings of the patches to classify; need not be of unit length.
        query_clips: which clip each query was cut from. Ids are shared with ``reference_clips``:
            clips that are not among the references need ids that are not either.
        references: embeddings of the labeled patches.
        reference_clips: which clip each reference was cut from.
        reference_labels: class of each reference, in 0..n_classes - 1, or 1 where it has the class
            and 0 where not.
        n_classes: number of classes.
        k: neighbors to ask; all patches of other clips where there are fewer.
        chunk: queries compared at once; chunk x references similarities are in memory. By default
            as many as fill 128 MB.
        bf16_first: whether to compare in bfloat16 first, for a CPU that multiplies it faster. The
            queries whose vote could be another but for its rounding are compared again, so the
            scores are the same. Not for several labels, where each neighbor counts.

    Shape:
        queries: [queries, dim]; query_clips: [queries]; references: [references, dim];
        reference_clips: [references]; reference_labels: [references] or [references, classes];
        result: [query clips, classes], by ascending id.

    Raises:
        ValueError: a query has no reference of another clip.

    >>> model = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> clips, labels = torch.arange(4), torch.tensor([0, 0, 1, 1])
    >>> knn_scores(model, clips, model, clips, labels, n_classes=2, k=1).argmax(dim=1).tolist()
    [0, 0, 1, 1]
    """
    queries, references = normalize(queries, dim=1), normalize(references, dim=1)
    is_multi_label = reference_labels.ndim == 2
    has_class = reference_labels if is_multi_label else one_hot(reference_labels, n_classes)
    # A clip's patches are put side by side, so that a query's own clip is a range of columns.
    reference_clips, order = reference_clips.sort()
    references, has_class = references[order], has_class[order].float()
    own = torch.searchsorted(reference_clips, query_clips)
    own = torch.stack([own, torch.searchsorted(reference_clips, query_clips, right=True)], dim=1)
    k = min(k, len(references))
    chunk = chunk or _chunk_that_fits(len(references))
    votes = has_class.new_empty(len(queries), n_classes)
    undecided = torch.arange(len(queries), device=queries.device)
    if bf16_first and not is_multi_label:
        votes, is_decided = _bf16_votes(queries, references, own, k, has_class, chunk)
        undecided = undecided[~is_decided]
    for rows in undecided.split(chunk):
        similarities = _similarities(queries[rows], references, own[rows])
        kth = _kth_highest(similarities, k).clamp(min=torch.finfo(similarities.dtype).min)
        row, column = _at_least(similarities, kth)
        n_asked = torch.bincount(row, minlength=len(rows))
        if (n_asked == 0).any():
            raise ValueError("a query has no reference patch of another clip to compare with")
        share = _sums(has_class, row, column, len(rows)) / n_asked[:, None]
        votes[rows] = share if is_multi_label else one_hot(share.argmax(dim=1), n_classes).float()
    ids, places, n_patches = torch.unique(query_clips, return_inverse=True, return_counts=True)
    sums = has_class.new_zeros(len(ids), n_classes).index_add_(0, places, votes)
    return sums / n_patches[:, None]


def _chunk_that_fits(n_references: int) -> int:
    return max(1, SIMILARITIES_AT_ONCE // n_references)


def _ranges(first: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column of every element of the ranges first..end - 1, a range a row."""
    n_columns = end - first
    row = torch.arange(len(first), device=first.device).repeat_interleave(n_columns)
    before = n_columns.cumsum(0) - n_columns
    return row, torch.arange(len(row), device=row.device) + (first - before)[row]


def _bf16_votes(
    queries: Tensor, references: Tensor, own: Tensor, k: int, has_class: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """Return the votes of all queries by similarities in bfloat16, and which of them are right."""
    votes = has_class.new_empty(len(queries), has_class.shape[1])
    is_decided = torch.zeros(len(queries), dtype=torch.bool, device=queries.device)
    queries, query_error = _rounded(queries)
    references, reference_error = _rounded(references)
    # |qr - q'r'| <= |q - q'| |r| + |q'| |r - r'|, where q and r are of unit length.
    error = query_error + (1 + query_error) * reference_error.amax()
    for rows in torch.arange(len(queries), device=queries.device).split(chunk):
        similarities = _similarities(queries[rows], references, own[rows])
        votes[rows], is_decided[rows] = _decided(similarities, k, has_class, error[rows])
    return votes, is_decided


def _rounded(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return vectors in bfloat16, and how far from what they were their products may be."""
    rounded = x.bfloat16()
    of_sums = x.shape[1] * torch.finfo(torch.float32).eps  # products are added up in float32
    return rounded, (x - rounded.to(x.dtype)).norm(dim=1) + of_sums


def _similarities(queries: Tensor, references: Tensor, own: Tensor) -> Tensor:
    """Compare all with all, -inf for the references of a query's own clip."""
    similarities = queries @ references.T
    similarities[_ranges(*own.T)] = -torch.inf
    return similarities


def _decided(
    similarities: Tensor, k: int, has_class: Tensor, error: Tensor
) -> tuple[Tensor, Tensor]:
    """Return votes by rounded similarities, and which of them are those of the exact ones.

    What is above the k-th highest by twice the error is a neighbor for certain; what is as far
    below is none. A class with more certain neighbors than any other has possible ones gets the
    vote. Numbers that are not negative are in the order of their bits, and whole numbers of two
    bytes are selected three times as fast as float32. Where the k-th is not clearly above zero
    nothing is decided.
    """
    bits = similarities.view(torch.int16)
    kth = _kth_highest(bits, k).view(similarities.dtype).float()
    # A product and a bound are rounded by half an eps each.
    slack = 2 * error + 2 * torch.finfo(similarities.dtype).eps * kth.abs()
    lowest = (kth - slack).masked_fill(kth <= slack, torch.inf)  # nobody may be a neighbor
    row, column = _at_least(bits, lowest.bfloat16().view(torch.int16))
    is_certain = bits[row, column] >= (kth + slack).bfloat16().view(torch.int16)[row]
    certain = _sums(has_class, row[is_certain], column[is_certain], len(kth))
    vote = certain.argmax(dim=1)
    others = _sums(has_class, row, column, len(kth)).scatter_(1, vote[:, None], 0).amax(dim=1)
    return one_hot(vote, has_class.shape[1]).float(), certain.amax(dim=1) > others


def _sums(has_class: Tensor, row: Tensor, column: Tensor, n_rows: int) -> Tensor:
    """Count the classes of the references in the columns of each row; rows are in order."""
    n_columns = torch.bincount(row, minlength=n_rows)
    return embedding_bag(column, has_class, n_columns.cumsum(0) - n_columns, mode="sum")


def _kth_highest(values: Tensor, k: int) -> Tensor:
    """Return the k-th highest value of every row: on a CPU ten times as fast as topk."""
    if values.device.type != "cpu":
        return values.topk(k, sorted=False).values.amin(dim=1)
    array = values.numpy()
    parts = _by_rows(lambda rows: np.partition(array[rows], -k)[:, -k], len(array))
    return torch.from_numpy(np.concatenate(parts))


def _at_least(values: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column of what is not below the least of its row."""
    if values.device.type != "cpu":
        row, column = (values >= least[:, None]).nonzero(as_tuple=True)
        return row, column
    array, bounds = values.numpy(), least.numpy()[:, None]

    def select(rows: slice) -> np.ndarray:
        row, column = np.divmod(np.flatnonzero(array[rows] >= bounds[rows]), array.shape[1])
        return np.stack([row + rows.start, column])

    row, column = torch.from_numpy(np.concatenate(_by_rows(select, len(array)), axis=1))
    return row, column


def _by_rows(work: Callable[[slice], np.ndarray], n_rows: int) -> list[np.ndarray]:
    """Do it to some rows at a time, side by side: numpy has no threads of its own for this."""
    parts = [slice(first, first + ROWS_AT_ONCE) for first in range(0, n_rows or 1, ROWS_AT_ONCE)]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(work, parts))


def default_k(n_references: int, n_classes: int, at_most: int = 200) -> int:
    """Return a k that suits a small set too: the patches of an average class, at most 200.

    With more neighbors than a class has patches, the largest class would win every vote.

    >>> default_k(10_000, 20), default_k(48, 3)
    (200, 16)
    """
    return max(1, min(at_most, n_references // n_classes))
