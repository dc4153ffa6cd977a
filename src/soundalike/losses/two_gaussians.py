"""A mixture of two Gaussians over one number of each clip, such as its loss."""

import torch
from torch import Tensor

TOLERANCE = 2e-4  # of the means
LOWEST_VARIANCE = 5e-4  # of values that are scaled to [0, 1], as in DivideMix


def is_of_lower(values: Tensor, n_rounds: int = 100) -> Tensor:
    """Return the probability that each value is of the Gaussian with the lower mean.

    The mixture is fitted by expectation maximization to the values, scaled to [0, 1]. Values below
    the lower mean count as that mean, and values above the higher one as that one: a wide Gaussian
    would otherwise claim both ends.

    Args:
        values: finite numbers, at least one.
        n_rounds: most rounds of expectation maximization.

    Shape:
        values, result: [n].

    >>> is_of_lower(torch.tensor([0.1, 0.2, 0.15, 3.0, 3.2])).round().tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0]
    """
    x = values.double()
    x = (x - x.min()) / (x.max() - x.min()).clamp(min=1e-12)
    means = torch.tensor([0.0, 1.0], dtype=x.dtype, device=x.device)
    variances = x.var(correction=0).clamp(min=LOWEST_VARIANCE).expand(2)
    shares = torch.full_like(means, 0.5)
    for _ in range(n_rounds):
        posterior = _posterior(x, means, variances, shares)
        weights = posterior.sum(dim=0).clamp(min=1e-12)
        shares = weights / len(x)
        before, means = means, (posterior * x[:, None]).sum(dim=0) / weights
        squares = (x[:, None] - means).square()
        variances = (posterior * squares).sum(dim=0) / weights + LOWEST_VARIANCE
        if (means - before).abs().max() < TOLERANCE:
            break
    lower = int(means.argmin())
    posterior = _posterior(x.clamp(means.min(), means.max()), means, variances, shares)
    return posterior[:, lower].to(values)


def _posterior(x: Tensor, means: Tensor, variances: Tensor, shares: Tensor) -> Tensor:
    """Return the probability of each Gaussian, given the values: [n, 2]."""
    squares = (x[:, None] - means).square() / variances
    return (shares.log() - variances.log() / 2 - squares / 2).softmax(dim=1)
