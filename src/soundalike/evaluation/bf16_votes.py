"""Votes of nearest neighbors from bfloat16 similarities, with a proof of which votes are exact.

A CPU with bfloat16 instructions multiplies it much faster than float32. Queries whose vote rounding
could change are reported, so that the caller can compare them again.
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.evaluation.neighbors import at_least, class_counts, kth_highest, similarities_of


def bf16_votes(
    queries: Tensor, references: Tensor, own: Tensor, k: int, has_class: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """Return each query's vote by bfloat16 similarities, and which votes are certain.

    Args:
        queries: unit vectors.
        references: unit vectors, those of a clip next to each other.
        own: first reference of the query's own clip, and the one after the last.
        k: number of neighbors.
        has_class: one-hot class of each reference.
        chunk: queries compared at once.

    Shape:
        queries: [queries, dim]; references: [references, dim]; own: [queries, 2]; has_class:
        [references, classes]; results: [queries, classes] one-hot, and [queries] bool.
    """
    votes = has_class.new_empty(len(queries), has_class.shape[1])
    is_certain = torch.zeros(len(queries), dtype=torch.bool, device=queries.device)
    queries, query_error = round_to_bf16(queries)
    references, reference_error = round_to_bf16(references)
    # |qr - q'r'| <= |q - q'| |r| + |q'| |r - r'|, where q and r are unit vectors.
    error = query_error + (1 + query_error) * reference_error.amax()
    for rows in torch.arange(len(queries), device=queries.device).split(chunk):
        similarities = similarities_of(queries[rows], references, own[rows])
        votes[rows], is_certain[rows] = votes_of_rounded(similarities, k, has_class, error[rows])
    return votes, is_certain


def round_to_bf16(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return vectors in bfloat16, and a bound on the error of their products with unit vectors.

    Shape:
        x: [vectors, dim]; results: [vectors, dim], bfloat16, and [vectors].
    """
    rounded = x.bfloat16()
    of_sums = x.shape[1] * torch.finfo(torch.float32).eps  # products are summed in float32
    return rounded, (x - rounded.to(x.dtype)).norm(dim=1) + of_sums


def votes_of_rounded(
    similarities: Tensor, k: int, has_class: Tensor, error: Tensor
) -> tuple[Tensor, Tensor]:
    """Return votes by rounded similarities, and which of them equal the exact votes.

    A reference whose similarity exceeds the k-th highest by twice the error is certainly a
    neighbor; one that falls short by as much certainly is not. A vote is certain if its class has
    more certain neighbors than any other class has certain and possible ones together. Nonnegative
    bfloat16 numbers have the order of their bits as int16, which numpy selects three times as fast
    as float32. No vote is certain if the k-th highest similarity is not clearly above zero.

    Args:
        similarities: bfloat16.
        k: number of neighbors.
        has_class: one-hot class of each reference.
        error: bound on the error of a row's similarities, before they were rounded to bfloat16.

    Shape:
        similarities: [queries, references]; has_class: [references, classes]; error: [queries];
        results: [queries, classes] one-hot, and [queries] bool.
    """
    bits = similarities.view(torch.int16)
    kth = kth_highest(bits, k).view(similarities.dtype).float()
    # Both a product and a bound are rounded, by half an eps each.
    slack = 2 * error + 2 * torch.finfo(similarities.dtype).eps * kth.abs()
    lowest = (kth - slack).masked_fill(kth <= slack, torch.inf)  # inf: no neighbor is possible
    row, column = at_least(bits, lowest.bfloat16().view(torch.int16))
    is_certain = bits[row, column] >= (kth + slack).bfloat16().view(torch.int16)[row]
    certain = class_counts(has_class, row[is_certain], column[is_certain], len(kth))
    vote = certain.argmax(dim=1)
    possible = class_counts(has_class, row, column, len(kth))
    others = possible.scatter_(1, vote[:, None], 0).amax(dim=1)
    return one_hot(vote, has_class.shape[1]).float(), certain.amax(dim=1) > others
