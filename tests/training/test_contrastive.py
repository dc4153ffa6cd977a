"""A training step compared with the method written out, and its invariances."""

import lightning_fabric
import numpy as np
import pytest
import torch
from gradients import differences

from soundalike.losses.contrastive_loss import ContrastiveLoss
from soundalike.losses.nt_xent import NTXent
from soundalike.models.heads import ProjectionHead
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import CosineSchedule
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.views.pair import PairOfViews

VIEWS = {
    "mix_back": {"alpha": 0.05},
    "resized_crop": {},
    "compression": {},
    "noise": {},
}


def make_training(store, views=None, criterion=None, labels=None, **settings):
    torch.manual_seed(0)
    projector = Projector(ResNet18(width=4), ProjectionHead(32, 16, 8))
    settings = TrainingSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings})
    return ContrastiveTraining(
        fabric=lightning_fabric.Fabric(devices=1, accelerator="cpu"),
        module=projector,
        optimizer=torch.optim.SGD(projector.parameters(), lr=0.1, momentum=0.9),
        schedule=CosineSchedule(1),
        criterion=criterion or NTXent(0.2),
        views=PairOfViews(**(VIEWS if views is None else views), mean=-3.0, std=2.0),
        frames=store.as_frames(),
        settings=settings,
        labels=labels,
    )


def test_a_step_is_the_method_written_out(store):
    """Views, projections, loss, gradient and momentum SGD, by hand, for two steps."""
    training, by_hand = make_training(store), make_training(store)
    velocity = None
    parameters = list(by_hand.module.parameters())
    for number in range(2):
        loss = training.step(number)
        views = by_hand.make_views(by_hand.draws_of(number))
        z = by_hand.module(views.flatten(0, 1))
        z = z / z.norm(dim=1, keepdim=True)
        similarity = torch.exp(z @ z.T / 0.2)
        total = 0.0
        for i in range(len(z)):
            positive = (i + len(z) // 2) % len(z)
            others = sum(similarity[i, j] for j in range(len(z)) if j != i)
            total = total - torch.log(similarity[i, positive] / others) / len(z)
        gradients = torch.autograd.grad(total, parameters)
        velocity = (
            gradients
            if velocity is None
            else [0.9 * v + g for v, g in zip(velocity, gradients, strict=True)]
        )
        lr = 0.1 * CosineSchedule(1)(number / 3, 4)
        with torch.no_grad():
            for parameter, v in zip(parameters, velocity, strict=True):
                parameter -= lr * v
        assert loss.item() == pytest.approx(total.item(), rel=1e-5)
    for ours, theirs in zip(training.module.parameters(), parameters, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_post_normalization_standardizes_the_views_of_a_batch_together(store):
    as_they_are, after = make_training(store), make_training(store, post_norm=True)
    draws = as_they_are.draws_of(0)
    views = as_they_are.make_views(draws)
    assert abs(float(views.mean())) > 0.01
    expected = (views.double() - views.double().mean()) / views.double().std()
    torch.testing.assert_close(after.make_views(draws).double(), expected, atol=1e-5, rtol=0)


def test_two_passes_normalize_each_view_by_its_own_batch(store):
    merged, apart = make_training(store), make_training(store, merge_views=False)
    views = merged.make_views(merged.draws_of(0))
    z_a, _ = merged.forward(views).chunk(2)
    own_a, own_b = apart.forward(views).chunk(2)
    assert not torch.allclose(z_a, own_a, atol=1e-4)
    expected = make_training(store).module(views[1])  # the same weights, this batch alone
    assert torch.allclose(own_b, expected, atol=1e-5)


def test_without_augmentation_a_view_is_a_standardized_cut_of_its_clip(store):
    training = make_training(store, views={})
    draws = training.draws_of(0)
    views = training.make_views(draws)
    for row, (clip, _) in enumerate(draws["patches"]["clip"].tolist()):
        for view in range(2):
            start = int(draws["patches"]["start"][row, view])
            cut = store.of_clip(clip)[start : start + 101]
            assert np.allclose(views[view, row], (cut + 3.0) / 2.0, atol=1e-5)


def test_training_lowers_the_loss(store):
    training = make_training(store, n_epochs=40)
    losses = [training.step(number).item() for number in range(120)]
    assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:6])


class Recorder(ContrastiveLoss):
    """Records what a loss gets."""

    needs_labels = True

    def __init__(self):
        super().__init__()
        self.batches, self.n_steps = [], 0

    def forward(self, z_a, z_b, batch):
        self.batches.append(batch)
        return (z_a - z_b).square().mean()

    def after_step(self, network):
        assert isinstance(network, Projector)
        self.n_steps += 1


def test_the_loss_gets_clips_labels_progress_and_a_call_after_each_step(store):
    labels = store.clips.labels().values
    criterion = Recorder()
    training = make_training(store, criterion=criterion, labels=labels)
    for number in (0, 6):
        training.step(number)
    assert criterion.n_steps == 2
    for number, batch in zip((0, 6), criterion.batches, strict=True):
        clips = training.draws_of(number)["patches"]["clip"][:, 0]
        assert torch.equal(batch.clips, clips)
        assert batch.labels.tolist() == labels[clips].tolist()
        assert batch.progress == number / 12


@pytest.mark.parametrize(("n_ranks", "n_clips"), [(2, 7), (4, 7), (4, 3)])
def test_loss_and_gradients_do_not_depend_on_the_number_of_ranks(n_ranks, n_clips):
    """Of every loss; shares differ in size, and three clips leave one of four ranks without any."""
    for name, (of_loss, of_gradients) in differences(n_ranks, n_clips).items():
        assert of_loss < 1e-9, name
        assert of_gradients < 1e-5, name
