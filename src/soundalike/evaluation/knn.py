"""Nearest-neighbor classification of clips.

Embeddings are [patches, dim]; clip ids [patches]. Nothing is trained, so the score shows directly
whether sounds of one class are close to each other. Fonseca et al. 2021 choose the best epoch of
pre-training by it.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from soundalike.evaluation.bf16_votes import bf16_votes
from soundalike.evaluation.neighbors import at_least, class_counts, kth_highest, similarities_of

SIMILARITIES_AT_ONCE = 2**25  # 128 MB of float32


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
    recordings: Tensor | None = None,
) -> Tensor:
    """Score the classes of each query clip by the nearest reference patches of other clips.

    The neighbors of a patch are the ``k`` references with the highest cosine similarity, and all
    that tie with the last of them, so the order of the references does not matter. If clips have
    one label, a patch votes for the most frequent class of its neighbors; the lower class wins a
    tie. If clips have several, its vote is the fraction of neighbors that have each class. The
    score of a clip is the mean vote of its patches. Patches of the same clip are never neighbors,
    so queries equal to references give leave-one-clip-out, or leave-one-recording-out with
    ``recordings``.

    Args:
        queries: embeddings of the patches to classify, of any length.
        query_clips: clip id of each query. Ids are shared with ``reference_clips``, so clips
            outside the references need other ids.
        references: embeddings of the labeled patches.
        reference_clips: clip id of each reference.
        reference_labels: labels of each reference.
        n_classes: number of classes.
        k: number of neighbors; all patches of other clips if there are fewer.
        chunk: queries compared at once, which takes chunk x references similarities of memory. By
            default as many as fill 128 MB.
        bf16_first: if true, compare in bfloat16 first, which is faster on CPUs with bfloat16
            instructions. Queries whose vote rounding could change are compared again, so scores
            stay the same. Ignored for several labels, where each neighbor counts.
        recordings: which recording each clip id is of; patches of one recording are no neighbors
            either. By default each clip is a recording.

    Shape:
        queries: [queries, dim]; query_clips: [queries]; references: [references, dim];
        reference_clips: [references]; reference_labels: [references] or [references, classes];
        recordings: [clip ids]; result: [query clips, classes], by ascending id.

    Raises:
        ValueError: a query has no reference of another clip, or of another recording.

    >>> h = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> clips, labels = torch.arange(4), torch.tensor([0, 0, 1, 1])
    >>> knn_scores(h, clips, h, clips, labels, n_classes=2, k=1).argmax(dim=1).tolist()
    [0, 0, 1, 1]
    """
    queries, references = normalize(queries, dim=1), normalize(references, dim=1)
    is_multi_label = reference_labels.ndim == 2
    has_class = reference_labels if is_multi_label else one_hot(reference_labels, n_classes)
    # Sorted, so that the patches of a query's own clip or recording are a range of columns.
    group_of_query = query_clips if recordings is None else recordings[query_clips]
    groups, order = (reference_clips if recordings is None else recordings[reference_clips]).sort()
    references, has_class = references[order], has_class[order].float()
    own = torch.searchsorted(groups, group_of_query)
    own = torch.stack([own, torch.searchsorted(groups, group_of_query, right=True)], dim=1)
    k = min(k, len(references))
    chunk = chunk or max(1, SIMILARITIES_AT_ONCE // len(references))
    votes = has_class.new_empty(len(queries), n_classes)
    undecided = torch.arange(len(queries), device=queries.device)
    if bf16_first and not is_multi_label:
        votes, is_certain = bf16_votes(queries, references, own, k, has_class, chunk)
        undecided = undecided[~is_certain]
    for rows in undecided.split(chunk):
        fractions = _class_fractions(queries[rows], references, own[rows], k, has_class)
        votes[rows] = (
            fractions if is_multi_label else one_hot(fractions.argmax(dim=1), n_classes).float()
        )
    ids, places, n_patches = torch.unique(query_clips, return_inverse=True, return_counts=True)
    sums = has_class.new_zeros(len(ids), n_classes).index_add_(0, places, votes)
    return sums / n_patches[:, None]


def default_k(n_references: int, n_classes: int, at_most: int = 200) -> int:
    """Return a k that also suits small sets: the patches of an average class, but at most 200.

    With more neighbors than a class has patches, the largest class would win every vote.

    >>> default_k(10_000, 20), default_k(48, 3)
    (200, 16)
    """
    return max(1, min(at_most, n_references // n_classes))


def _class_fractions(
    queries: Tensor, references: Tensor, own: Tensor, k: int, has_class: Tensor
) -> Tensor:
    """Return the fraction of each query's neighbors that have each class: [queries, classes]."""
    similarities = similarities_of(queries, references, own)
    # References of the own clip are -inf; they are no neighbors even if k exceeds the others.
    bounds = kth_highest(similarities, k).clamp(min=torch.finfo(similarities.dtype).min)
    row, column = at_least(similarities, bounds)
    n_neighbors = torch.bincount(row, minlength=len(queries))
    if (n_neighbors == 0).any():
        raise ValueError("a query has no reference patch of another clip to compare with")
    return class_counts(has_class, row, column, len(queries)) / n_neighbors[:, None]
