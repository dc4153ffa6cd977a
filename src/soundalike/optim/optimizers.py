"""Optimizers: torch's own, with the settings that matter.

They are fused: one pass over the weights does all that takes a pass an operation otherwise.
"""

import torch
from torch.optim.optimizer import ParamsT

OPTIMIZERS = {
    "sgd": "soundalike.optim.optimizers:SGD",
    "adam": "soundalike.optim.optimizers:Adam",
    "adamw": "soundalike.optim.optimizers:AdamW",
    "lars": "soundalike.optim.lars:LARS",
}


class SGD(torch.optim.SGD):
    """Stochastic gradient descent.

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        momentum: share of the last step that is kept.
        weight_decay: times the weight, it is added to the gradient.
        nesterov: whether the gradient is taken where the momentum alone would lead.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr, momentum, 0.0, weight_decay, nesterov, fused=True)


class Adam(torch.optim.Adam):
    """Adam (Kingma and Ba 2015).

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        betas: shares that are kept of the means of the gradient and of its square.
        eps: added to the root of the mean square.
        weight_decay: times the weight, it is added to the gradient.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, fused=True)


class AdamW(torch.optim.AdamW):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        betas: shares that are kept of the means of the gradient and of its square.
        eps: added to the root of the mean square.
        weight_decay: times the learning rate, the share of each weight that a step takes off.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, fused=True)
