"""The common part of all trainings, with a minimal training whose draws are its loss."""

import pytest
import torch

from soundalike.audio.frames import Frames
from soundalike.downstream.supervised import SupervisedSettings
from soundalike.optim.schedules import CosineSchedule, StepSchedule
from soundalike.runtime.hardware import Hardware
from soundalike.training.draws import batches, clip_order
from soundalike.training.steps import Training


class Mean(Training):
    """The loss is the weight times the mean of the draws."""

    def draw(self, clips, generator):
        return {"values": {"clip": clips, "value": torch.rand(len(clips), generator=generator)}}

    def loss(self, draws, progress):
        self.progress = progress
        return (self.module.weight * draws["values"]["value"].mean()).sum()


def make_training(n_clips=24, schedule=None, **settings):
    module = torch.nn.Linear(1, 1)
    return Mean(
        Hardware("cpu", "32-true", False, "").fabric(),
        module,
        torch.optim.SGD(module.parameters(), lr=0.5),
        schedule or StepSchedule(milestones=[2]),
        torch.nn.Identity(),
        Frames(
            torch.zeros(10 * n_clips, 4), 10 * torch.arange(n_clips), torch.full((n_clips,), 10)
        ),
        SupervisedSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings}),
    )


def test_an_epoch_has_a_step_for_every_batch():
    training = make_training()
    assert training.steps_per_epoch == 3  # 24 clips: 10, 10 and 4
    assert make_training(n_clips=21).steps_per_epoch == 2  # never a single clip


def test_every_step_takes_the_next_batch_of_its_epoch():
    training = make_training()
    for number in (0, 1, 2, 3, 11, 4):  # also out of order, as after a resume
        epoch, position = divmod(number, 3)
        expected = batches(clip_order(24, 3, epoch), 10)[position]
        assert training.draws_of(number)["values"]["clip"].tolist() == expected.tolist()


def test_draws_depend_on_seed_and_number_alone():
    training = make_training()
    values = training.draws_of(5)["values"]["value"]
    for number in range(3):
        training.step(number)
    assert torch.equal(training.draws_of(5)["values"]["value"], values)
    assert torch.equal(make_training().draws_of(5)["values"]["value"], values)
    for other in (make_training(seed=4).draws_of(5), training.draws_of(6)):
        assert not torch.equal(other["values"]["value"][:4], values[:4])


def test_chance_inside_a_network_depends_on_seed_and_number_alone():
    training = make_training()
    training.draws_of(5)
    mask = torch.rand(8)
    training.draws_of(6)
    training.draws_of(5)
    assert torch.equal(torch.rand(8), mask)


def test_a_step_goes_down_the_gradient_at_its_rate():
    training = make_training()
    for number in (0, 6):  # the rate falls after two epochs
        before = training.module.weight.item()
        mean = training.draws_of(number)["values"]["value"].mean().item()
        loss = training.step(number)
        assert loss.item() == pytest.approx(before * mean)
        assert not loss.requires_grad
        rate = training.learning_rate(number)
        assert rate == pytest.approx(0.5 if number == 0 else 0.05)
        assert training.module.weight.item() == pytest.approx(before - rate * mean)


@pytest.mark.parametrize(("n_epochs", "batch_size"), [(1, 24), (1, 10), (2, 24)])
def test_a_short_training_is_not_all_warm_up(n_epochs, batch_size):
    training = make_training(
        schedule=CosineSchedule(n_warmup_epochs=1), n_epochs=n_epochs, batch_size=batch_size
    )
    n_steps = n_epochs * training.steps_per_epoch
    before = training.module.weight.item()
    for number in range(n_steps):
        training.step(number)
    assert max(map(training.learning_rate, range(n_steps))) > 0.3
    assert training.module.weight.item() != before


def test_the_loss_gets_the_progress_of_the_training():
    training, progress = make_training(), []
    for number in (0, 6, 9):
        training.step(number)
        progress.append(training.progress)
    assert progress == [0, 0.5, 0.75]
