"""Nearest-neighbour classification of clips: the label-free progress of pre-training, measured.

Fonseca et al. 2021 choose the best epoch of pre-training by it. Nothing is fitted, so it asks only
whether sounds of one class already lie together.
"""

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
) -> Tensor:
    """Score the classes of each query clip by the nearest reference patches of other clips.

    Each patch asks its ``k`` neighbours by cosine similarity. With one label a clip it votes for
    the class of most of them, the lower one of equals, so the highest score of a clip is the
    majority of its patches' majorities. With several labels its vote is the share of neighbours
    that have the class. A clip's score is the mean of its patches' votes. A clip is never its own
    neighbour: with queries equal to references this is leave-one-clip-out. All that are as near as
    the last neighbour are asked too, so the order of the references does not matter.

    Args:
        queries: embeddings of the patches to classify; need not be of unit length.
        query_clips: which clip each query was cut from. Ids are shared with ``reference_clips``:
            clips that are not among the references need ids that are not either.
        references: embeddings of the labelled patches.
        reference_clips: which clip each reference was cut from.
        reference_labels: class of each reference, in 0..n_classes - 1, or 1 where it has the class
            and 0 where not.
        n_classes: number of classes.
        k: neighbours to ask; all patches of other clips where there are fewer.
        chunk: queries compared at once; chunk x references similarities are in memory. By default
            as many as fill 128 MB.

    Shape:
        queries: [queries, dim]; query_clips: [queries]; references: [references, dim];
        reference_clips: [references]; reference_labels: [references] or [references, classes];
        result: [query clips, classes], by ascending id.

    Raises:
        ValueError: a query has no reference of another clip.

    >>> ear = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> clips, labels = torch.arange(4), torch.tensor([0, 0, 1, 1])
    >>> knn_scores(ear, clips, ear, clips, labels, n_classes=2, k=1).argmax(dim=1).tolist()
    [0, 0, 1, 1]
    """
    queries, references = normalize(queries, dim=1), normalize(references, dim=1)
    is_multi_label = reference_labels.ndim == 2
    has_class = reference_labels if is_multi_label else one_hot(reference_labels, n_classes)
    # A clip's patches are put side by side, so that a query's own clip is a range of columns.
    reference_clips, order = reference_clips.sort()
    references, has_class = references[order], has_class[order].float()
    own_first = torch.searchsorted(reference_clips, query_clips)
    own_end = torch.searchsorted(reference_clips, query_clips, right=True)
    k = min(k, len(references))
    votes = []
    for rows in torch.arange(len(queries)).split(chunk or _chunk_that_fits(len(references))):
        similarities = queries[rows] @ references.T
        similarities[_ranges(own_first[rows], own_end[rows])] = -torch.inf
        row, column = _nearest(similarities, k)
        n_asked = torch.bincount(row, minlength=len(rows))
        if (n_asked == 0).any():
            raise ValueError("a query has no reference patch of another clip to compare with")
        sums = embedding_bag(column, has_class, n_asked.cumsum(0) - n_asked, mode="sum")
        share = sums / n_asked[:, None]
        votes.append(share if is_multi_label else one_hot(share.argmax(dim=1), n_classes).float())
    ids, places, n_patches = torch.unique(query_clips, return_inverse=True, return_counts=True)
    sums = has_class.new_zeros(len(ids), n_classes).index_add_(0, places, torch.cat(votes))
    return sums / n_patches[:, None]


def _chunk_that_fits(n_references: int) -> int:
    return max(1, SIMILARITIES_AT_ONCE // n_references)


def _ranges(first: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column of every element of the ranges first..end - 1, a range a row."""
    n_columns = end - first
    row = torch.arange(len(first), device=first.device).repeat_interleave(n_columns)
    before = n_columns.cumsum(0) - n_columns
    return row, torch.arange(len(row), device=row.device) + (first - before)[row]


def _nearest(similarities: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return row and column of the k highest values of every row, and of all equal to the k-th.

    Where a row has fewer than k above -inf, there are fewer.
    """
    if similarities.device.type == "cpu":
        return _nearest_on_cpu(similarities.numpy(), k)
    kth = similarities.topk(k, sorted=False).values.amin(dim=1, keepdim=True)
    near = similarities >= kth.clamp(min=torch.finfo(similarities.dtype).min)
    row, column = near.nonzero(as_tuple=True)
    return row, column


def _nearest_on_cpu(similarities: np.ndarray, k: int) -> tuple[Tensor, Tensor]:
    """Do the same by numpy, which selects with vector instructions, ten times as fast as topk."""

    def select(first: int) -> tuple[np.ndarray, np.ndarray]:
        of_part = similarities[first : first + ROWS_AT_ONCE]
        kth = np.partition(of_part, -k, axis=1)[:, -k, None]
        near = of_part >= np.maximum(kth, np.finfo(of_part.dtype).min)
        row, column = np.divmod(np.flatnonzero(near), near.shape[1])
        return row + first, column

    # numpy has no threads of its own for this, and lets ours run side by side.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        parts = pool.map(select, range(0, len(similarities) or 1, ROWS_AT_ONCE))
        row, column = map(np.concatenate, zip(*parts, strict=True))
    return torch.from_numpy(row), torch.from_numpy(column)


def neighbours_to_ask(n_references: int, n_classes: int, at_most: int = 200) -> int:
    """Return a k that suits a small set too: the patches of an average class, at most 200.

    With more neighbours than a class has patches, the largest class would win every vote.

    >>> neighbours_to_ask(10_000, 20), neighbours_to_ask(48, 3)
    (200, 16)
    """
    return max(1, min(at_most, n_references // n_classes))
