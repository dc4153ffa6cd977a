"""Nearest-neighbour classification of clips: the label-free progress of pre-training, measured.

Fonseca et al. 2021 choose the best epoch of pre-training by it. Nothing is fitted, so it asks only
whether sounds of one class already lie together.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot


def knn_predict(
    queries: Tensor,
    query_clips: Tensor,
    references: Tensor,
    reference_clips: Tensor,
    reference_labels: Tensor,
    n_classes: int,
    k: int = 200,
    chunk: int = 128,
) -> Tensor:
    """Predict the class of each query clip from the nearest reference patches of other clips.

    Each patch takes the majority of its ``k`` neighbours by cosine similarity, each clip the
    majority of its patches; ties go to the lower class. A clip is never its own neighbour: with
    queries equal to references this is leave-one-clip-out. Own columns are masked in place, not
    removed, so that a neighbour's column is also the place of its label.

    Args:
        queries: embeddings of the patches to classify; need not be of unit length.
        query_clips: which clip each query was cut from. Ids are shared with ``reference_clips``:
            clips that are not among the references need ids that are not either.
        references: embeddings of the labelled patches.
        reference_clips: which clip each reference was cut from.
        reference_labels: class of each reference, in 0..n_classes - 1.
        n_classes: number of classes.
        k: neighbours to ask; all patches of other clips where there are fewer.
        chunk: queries compared at once; chunk x references similarities are in memory.

    Shape:
        queries: [queries, dim]; query_clips: [queries]; references: [references, dim];
        reference_clips, reference_labels: [references]; result: [query clips], by ascending id.

    Raises:
        ValueError: a query has no reference of another clip.

    >>> ear = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> clips, labels = torch.arange(4), torch.tensor([0, 0, 1, 1])
    >>> knn_predict(ear, clips, ear, clips, labels, n_classes=2, k=1).tolist()
    [0, 0, 1, 1]
    """
    queries, references = normalize(queries, dim=1), normalize(references, dim=1)
    k = min(k, len(references))
    patch_classes = []
    for start in range(0, len(queries), chunk):
        rows = slice(start, start + chunk)
        similarities = queries[rows] @ references.T
        similarities.masked_fill_(query_clips[rows, None] == reference_clips, -torch.inf)
        nearest, columns = similarities.topk(k, sorted=False)
        # Where other clips have fewer than k patches, the masked columns fill the rest: no vote.
        votes = one_hot(reference_labels[columns], n_classes) * (nearest > -torch.inf)[..., None]
        n_votes = votes.sum(dim=1)
        if (n_votes.sum(dim=1) == 0).any():
            raise ValueError("a query has no reference patch of another clip to compare with")
        patch_classes.append(n_votes.argmax(dim=1))
    ids, clip_rows = torch.unique(query_clips, return_inverse=True)
    patch_votes = one_hot(torch.cat(patch_classes), n_classes)
    clip_votes = patch_votes.new_zeros(len(ids), n_classes).index_add_(0, clip_rows, patch_votes)
    return clip_votes.argmax(dim=1)


def neighbours_to_ask(n_references: int, n_classes: int, at_most: int = 200) -> int:
    """Return a k that suits a small set too: the patches of an average class, at most 200.

    With more neighbours than a class has patches, the largest class would win every vote.

    >>> neighbours_to_ask(10_000, 20), neighbours_to_ask(48, 3)
    (200, 16)
    """
    return max(1, min(at_most, n_references // n_classes))
