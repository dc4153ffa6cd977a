"""A look at a training: always the same views, and without a trace."""

import lightning_fabric
import numpy as np
import pytest
import torch

from soundalike.evaluation.representation_measures import MEASURES, measure_representation
from soundalike.losses.nt_xent import NTXent
from soundalike.models.heads import ProjectionHead
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import CosineSchedule
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.health_monitor import HealthMonitor
from soundalike.views.pair import PairOfViews


def make_training(store, n_clips=24, every_n_epochs=1, **settings):
    """Return a training on some of the store's clips, over and over, and its monitor."""
    torch.manual_seed(0)
    projector = Projector(ResNet18(width=4), ProjectionHead(32, 16, 8))
    clips = np.arange(n_clips) % len(store.clips)
    training = ContrastiveTraining(
        fabric=lightning_fabric.Fabric(devices=1, accelerator="cpu"),
        projector=projector,
        optimizer=torch.optim.SGD(projector.parameters(), lr=0.1),
        schedule=CosineSchedule(1),
        criterion=NTXent(0.2),
        views=PairOfViews(mix_back={}, resized_crop={}, noise={}, mean=-3.0, std=2.0),
        frames=torch.from_numpy(np.array(store.frames)),
        offsets=store.offsets[clips],
        n_frames=store.n_frames[clips],
        settings=TrainingSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings}),
    )
    monitor = HealthMonitor(training, projector, every_n_epochs)
    training.module.eval()
    return training, monitor


def test_a_look_is_the_health_of_its_views(store):
    training, monitor = make_training(store)
    views = training.make_views(monitor.draws)
    projector = monitor.projector
    with torch.no_grad():
        h = [projector.encoder(view.unsqueeze(1)) for view in views]
        z = [projector.head(of_view) for of_view in h]
    assert monitor.look() == pytest.approx(measure_representation(*h, *z), rel=1e-3)


def test_looks_differ_by_what_was_learned_alone(store):
    training, monitor = make_training(store)
    before = monitor.look()
    assert monitor.look() == before
    training.module.train()
    training.step(0)
    training.module.eval()
    assert monitor.look() != before


def test_a_look_leaves_no_trace_in_the_training(store):
    (training, monitor), (alone, _) = make_training(store), make_training(store)
    for number in range(3):
        assert torch.equal(training.step(number), alone.step(number))
        state = torch.get_rng_state()
        monitor.look()
        assert torch.equal(torch.get_rng_state(), state)


def test_the_views_depend_on_the_seed_and_not_on_the_step(store):
    training, monitor = make_training(store)
    training.step(5)
    later = HealthMonitor(training, monitor.projector)
    _, other = make_training(store, seed=4)
    ours, again, others = (m.draws["patches"]["start"] for m in (monitor, later, other))
    assert torch.equal(ours, again)
    assert not torch.equal(ours, others)


@pytest.mark.parametrize(
    ("n_heard", "every_n_epochs", "n_clips"),
    [(24, 1, 24), (200, 1, 32), (200, 10, 100), (1000, 1, 50), (30_000, 1, 512)],
)
def test_it_looks_at_a_twentieth_of_what_is_heard_within_bounds(
    store, n_heard, every_n_epochs, n_clips
):
    _, monitor = make_training(store, n_heard, every_n_epochs)
    assert monitor.n_clips == n_clips
    clips = monitor.draws["patches"]["clip"][:, 0]
    assert len(clips.unique()) == n_clips
    assert (clips[0], clips[-1]) == (0, n_heard - 1), "from all over the clips"
    assert monitor.highest_rank == 32


def test_the_rank_is_bounded_by_the_number_of_views(store):
    _, monitor = make_training(store, 5)
    assert monitor.highest_rank == 9
    assert monitor.look()["effective_rank"] <= 9


def test_the_summary_holds_the_last_look(store):
    _, monitor = make_training(store)
    first, last = dict.fromkeys(MEASURES, 0.5), dict.fromkeys(MEASURES, 0.7)
    looks = [{"step": 3, "epoch": 1, **first}, {"step": 6, "epoch": 2, **last}]
    summary = monitor.summary(looks)
    assert summary == {
        "health": last | {"highest_rank": 32},
        "verdict": "too early to tell",
        "alarms": {},
        "stopping_point": None,
    }
