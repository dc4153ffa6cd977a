"""The defaults of contrastive losses: the projector alone, and z of both views."""

import torch
from torch import nn

from soundalike.losses.contrastive_loss import ContrastiveLoss


def test_by_default_the_network_is_the_projector():
    projector = nn.Linear(2, 3)
    loss = ContrastiveLoss()
    assert loss.network(projector, 3) is projector
    assert not loss.needs_labels
    assert loss.after_step(projector) is None


def test_z_a_and_z_b_are_those_of_the_first_and_the_second_view():
    views = torch.arange(12.0).view(2, 3, 2)
    z_a, z_b = ContrastiveLoss().project(lambda views: views.flatten(0, 1), views)
    assert torch.equal(z_a, views[0])
    assert torch.equal(z_b, views[1])
