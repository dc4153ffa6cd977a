"""Optimizers of torch, with the settings that recipes offer.

They are fused: a step is one pass over the weights, instead of one pass per operation.
"""

import torch
from torch.optim.optimizer import ParamsT


class SGD(torch.optim.SGD):
    """Stochastic gradient descent.

    Args:
        params: parameters, or groups of them.
        lr: learning rate at its highest; the schedule lowers it.
        momentum: fraction of the previous step that is added to the next one.
        weight_decay: factor of the weight that is added to its gradient.
        nesterov: if true, use Nesterov momentum.
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
        lr: learning rate at its highest; the schedule lowers it.
        betas: decay rates of the running means of the gradient and of its square.
        eps: added to the denominator, to avoid a division by zero.
        weight_decay: factor of the weight that is added to its gradient.
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
        lr: learning rate at its highest; the schedule lowers it.
        betas: decay rates of the running means of the gradient and of its square.
        eps: added to the denominator, to avoid a division by zero.
        weight_decay: fraction of each weight, times the learning rate, that a step subtracts.
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
