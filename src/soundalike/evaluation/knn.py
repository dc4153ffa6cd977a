"""Nearest-neighbour classification of clips: the label-free progress of pre-training, measured.

Fonseca et al. 2021 choose the best epoch of pre-training by it. Nothing is fitted, so it asks only
whether sounds of one class already lie together.
"""

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize, one_hot


def knn_scores(
    queries: Tensor,
    query_clips: Tensor,
    references: Tensor,
    reference_clips: Tensor,
    reference_labels: Tensor,
    n_classes: int,
    k: int = 200,
    chunk: int = 128,
) -> Tensor:
    """Score the classes of each query clip by the nearest reference patches of other clips.

    Each patch asks its ``k`` neighbours by cosine similarity. With one label a clip it votes for
    the class of most of them, the lower one of equals, so the highest score of a clip is the
    majority of its patches' majorities. With several labels its vote is the share of neighbours
    that have the class. A clip's score is the mean of its patches' votes. A clip is never its own
    neighbour: with queries equal to references this is leave-one-clip-out. Own columns are masked
    in place, not removed, so that a neighbour's column is also the place of its label.

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
        chunk: queries compared at once; chunk x references similarities are in memory.

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
    has_class = has_class.float()
    k = min(k, len(references))
    votes = []
    for part, part_clips in zip(queries.split(chunk), query_clips.split(chunk), strict=True):
        similarities = part @ references.T
        similarities.masked_fill_(part_clips[:, None] == reference_clips, -torch.inf)
        nearest, columns = similarities.topk(k, sorted=False)
        # Where other clips have fewer than k patches, the masked columns fill the rest: not asked.
        asked = (nearest > -torch.inf).float()
        n_asked = asked.sum(dim=1, keepdim=True)
        if (n_asked == 0).any():
            raise ValueError("a query has no reference patch of another clip to compare with")
        share = embedding_bag(columns, has_class, per_sample_weights=asked, mode="sum") / n_asked
        votes.append(share if is_multi_label else one_hot(share.argmax(dim=1), n_classes).float())
    ids, places, n_patches = torch.unique(query_clips, return_inverse=True, return_counts=True)
    sums = has_class.new_zeros(len(ids), n_classes).index_add_(0, places, torch.cat(votes))
    return sums / n_patches[:, None]


def neighbours_to_ask(n_references: int, n_classes: int, at_most: int = 200) -> int:
    """Return a k that suits a small set too: the patches of an average class, at most 200.

    With more neighbours than a class has patches, the largest class would win every vote.

    >>> neighbours_to_ask(10_000, 20), neighbours_to_ask(48, 3)
    (200, 16)
    """
    return max(1, min(at_most, n_references // n_classes))
