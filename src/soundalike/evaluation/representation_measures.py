"""Label-free measures of a representation, from two views of each clip.

Embeddings h are [clips, dim] and projections z [clips, out_dim]. Row i of the first view and row i
of the second are views of the same clip. `soundalike.evaluation.diagnosis` interprets the numbers.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

MEASURES = (
    "effective_rank", "alignment", "uniformity", "positives", "negatives", "top1_retrieval",
)  # fmt: skip


def measure_representation(h_a: Tensor, h_b: Tensor, z_a: Tensor, z_b: Tensor) -> dict[str, float]:
    """Return every measure of `MEASURES` by its name.

    The effective rank describes the embeddings h, which later tasks use. The other measures
    describe the projections z, which the loss compares.

    Args:
        h_a: embeddings of the first view of each clip.
        h_b: embeddings of the second view of each clip.
        z_a: projections of the first view of each clip, of any length.
        z_b: projections of the second view of each clip.

    Shape:
        h_a, h_b: [clips, dim]; z_a, z_b: [clips, out_dim]; at least two clips.

    Returns:
        The measures; all are NaN if any input is not finite.
    """
    if not all(part.isfinite().all() for part in (h_a, h_b, z_a, z_b)):
        return dict.fromkeys(MEASURES, float("nan"))
    positives, negatives = similarities(z_a, z_b)
    return {
        "effective_rank": effective_rank(torch.cat([h_a, h_b])),
        "alignment": alignment(z_a, z_b),
        "uniformity": (uniformity(z_a) + uniformity(z_b)) / 2,
        "positives": positives,
        "negatives": negatives,
        "top1_retrieval": top1_retrieval(z_a, z_b),
    }


def effective_rank(h: Tensor) -> float:
    """Return the number of directions that the embeddings use (Roy and Vetterli 2007).

    This is the exponential of the entropy of the singular values of the centered embeddings,
    normalized to sum to one. It equals k if the embeddings spread evenly over k directions, and is
    lower if they spread unevenly. It never exceeds dim or the number of embeddings minus one, and
    is 1 if all embeddings are equal.

    Shape:
        h: [embeddings, dim].

    >>> round(effective_rank(torch.eye(4)), 6)  # the corners of a tetrahedron
    3.0
    """
    h = h.double()
    centered = h - h.mean(dim=0)
    tall = h.shape[0] > h.shape[1]
    gram = centered.T @ centered if tall else centered @ centered.T
    values = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt()
    # Singular values at float32 rounding error are noise, which would count as many directions.
    values[values <= torch.finfo(torch.float32).eps * h.norm()] = 0
    if not values.any():
        return 1.0
    return float(torch.special.entr(values / values.sum()).sum().exp())


def alignment(z_a: Tensor, z_b: Tensor) -> float:
    """Return the mean squared distance between the two views of a clip on the unit sphere.

    Wang and Isola 2020, with exponent 2: from 0, where the views coincide, to 4.

    Shape:
        z_a, z_b: [clips, dim].
    """
    z_a, z_b = _unit(z_a), _unit(z_b)
    return float((z_a - z_b).square().sum(dim=1).mean())


def uniformity(z: Tensor) -> float:
    """Return the log of the mean of exp(-2 distance^2) over all pairs on the unit sphere.

    Wang and Isola 2020: from 0, where all projections coincide, to about -4, where they cover the
    sphere evenly.

    Shape:
        z: [clips, dim], at least two clips.
    """
    return float(torch.pdist(_unit(z)).square().mul(-2).exp().mean().log())


def similarities(z_a: Tensor, z_b: Tensor) -> tuple[float, float]:
    """Return the mean cosine similarity of positive pairs and of negative pairs.

    A positive pair is the two views of one clip; a negative pair is views of two different clips.

    Shape:
        z_a, z_b: [clips, dim], at least two clips.

    >>> similarities(torch.eye(2), torch.eye(2))
    (1.0, 0.0)
    """
    z = torch.stack([_unit(z_a), _unit(z_b)])
    n_clips = z.shape[1]
    positives = (z[0] * z[1]).sum()
    # The sum over all pairs is the squared norm of the sum; subtract the pairs within a clip.
    of_clips = z.sum(dim=0)
    negatives = of_clips.sum(dim=0).square().sum() - of_clips.square().sum()
    return float(positives / n_clips), float(negatives / (4 * n_clips * (n_clips - 1)))


def top1_retrieval(z_a: Tensor, z_b: Tensor) -> float:
    """Return the fraction of views whose nearest neighbor is the other view of the same clip.

    It tells how well the contrastive task is solved, and does not depend on the loss.

    Shape:
        z_a, z_b: [clips, dim].
    """
    z = torch.cat([_unit(z_a), _unit(z_b)])
    similarity = (z @ z.T).fill_diagonal_(-torch.inf)
    other_view = torch.arange(len(z), device=z.device).roll(len(z_a))
    return float((similarity.argmax(dim=1) == other_view).double().mean())


def _unit(z: Tensor) -> Tensor:
    return normalize(z.double(), dim=1)
