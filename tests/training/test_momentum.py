"""BYOL's training: the target network, the predictor, and what gets a gradient."""

import lightning_fabric
import pytest
import torch
import torch.nn.functional as F

from soundalike.losses.byol import BYOL
from soundalike.models.heads import ProjectionHead
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import CosineSchedule
from soundalike.training.contrastive import Projector, TrainingSettings
from soundalike.training.momentum import MomentumProjector, MomentumTraining
from soundalike.views.pair import PairOfViews


def make_training(store, momentum=0.9, **settings):
    torch.manual_seed(0)
    criterion = BYOL(momentum=momentum, hidden_dim=12)
    module = MomentumProjector(Projector(ResNet18(width=4), ProjectionHead(32, 16, 8)), criterion)
    return MomentumTraining(
        fabric=lightning_fabric.Fabric(devices=1, accelerator="cpu"),
        projector=module,
        optimizer=torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1),
        schedule=CosineSchedule(0),
        criterion=criterion,
        views=PairOfViews(mean=-3.0, std=2.0),
        frames=torch.tensor(store.frames),
        offsets=store.offsets,
        n_frames=store.n_frames,
        settings=TrainingSettings(n_epochs=4, batch_size=10, seed=3, **settings),
    )


@pytest.mark.parametrize("merge_views", [True, False])
def test_the_loss_is_the_method_written_out(store, merge_views):
    training = make_training(store, merge_views=merge_views)
    by_hand = make_training(store).module.module
    draws = training.draws_of(0)
    a, b = training.make_views(draws)
    if merge_views:
        z_a, z_b = by_hand.predictor(by_hand.projector(torch.cat([a, b]))).chunk(2)
        t_b, t_a = by_hand.target(torch.cat([b, a])).chunk(2)
    else:
        z_a, z_b = (by_hand.predictor(by_hand.projector(view)) for view in (a, b))
        t_b, t_a = (by_hand.target(view) for view in (b, a))
    z_a, z_b, t_a, t_b = (F.normalize(z, dim=1) for z in (z_a, z_b, t_a, t_b))
    expected = ((z_a - t_b).square().sum(1).mean() + (z_b - t_a).square().sum(1).mean()) / 2
    torch.testing.assert_close(training.loss(draws, 0.0), expected)


def test_the_target_starts_as_a_copy_follows_slowly_and_has_no_gradient(store):
    training = make_training(store, momentum=0.9)
    module = training.module.module
    before = [parameter.clone() for parameter in module.projector.parameters()]
    for slow, fast in zip(module.target.parameters(), before, strict=True):
        assert torch.equal(slow, fast)
    training.step(0)
    pairs = zip(module.target.parameters(), before, module.projector.parameters(), strict=True)
    for slow, old, new in pairs:
        torch.testing.assert_close(slow, 0.9 * old + 0.1 * new)
        assert slow.grad is None
    moved = zip(before, module.projector.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in moved)


def test_z_is_the_projector_s(store):
    module = make_training(store).module.module.eval()
    views = torch.randn(3, 101, 96)
    assert torch.equal(module(views), module.projector(views))
    assert not torch.equal(module(views, predict=True), module(views))
