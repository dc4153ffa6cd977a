"""Health checks: always the same views, and no influence on training."""

import lightning_fabric
import numpy as np
import pytest
import torch
from ranked import on_ranks

from soundalike.datasets.store import open_store
from soundalike.evaluation.representation_measures import MEASURES, measure_representation
from soundalike.losses.nt_xent import NTXent
from soundalike.models.heads import ProjectionHead
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import CosineSchedule
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.ranks import is_first, wait_for_all
from soundalike.training.construction import build_pretraining
from soundalike.training.contrastive import ContrastiveTraining, Projector, TrainingSettings
from soundalike.training.health_monitor import HealthMonitor, HealthSummary
from soundalike.views.pair import PairOfViews


def make_training(store, n_clips=24, every_n_epochs=1, **settings):
    """Return a training on some of the store's clips, over and over, and its monitor."""
    torch.manual_seed(0)
    projector = Projector(ResNet18(width=4), ProjectionHead(32, 16, 8))
    clips = np.arange(n_clips) % len(store.clips)
    training = ContrastiveTraining(
        fabric=lightning_fabric.Fabric(devices=1, accelerator="cpu"),
        module=projector,
        optimizer=torch.optim.SGD(projector.parameters(), lr=0.1),
        schedule=CosineSchedule(1),
        criterion=NTXent(0.2),
        views=PairOfViews(mix_back={}, resized_crop={}, noise={}, mean=-3.0, std=2.0),
        frames=store.select(clips).as_frames(),
        settings=TrainingSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings}),
    )
    monitor = HealthMonitor(training, projector, every_n_epochs)
    training.module.eval()
    return training, monitor


def test_a_check_measures_its_views(store):
    training, monitor = make_training(store)
    views = training.make_views(monitor.draws)
    projector = monitor.projector
    with torch.no_grad():
        h = [projector.encoder(view.unsqueeze(1)) for view in views]
        z = [projector.head(view_h) for view_h in h]
    assert monitor.check() == pytest.approx(measure_representation(*h, *z), rel=1e-3)


def test_checks_differ_only_if_the_network_does(store):
    training, monitor = make_training(store)
    before = monitor.check()
    assert monitor.check() == before
    training.module.train()
    training.step(0)
    training.module.eval()
    assert monitor.check() != before


def test_a_check_does_not_influence_training(store):
    (training, monitor), (alone, _) = make_training(store), make_training(store)
    for number in range(3):
        assert torch.equal(training.step(number), alone.step(number))
        state = torch.get_rng_state()
        monitor.check()
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
    ("n_training_clips", "every_n_epochs", "n_clips"),
    [(24, 1, 24), (200, 1, 32), (200, 10, 100), (1000, 1, 50), (30_000, 1, 512)],
)
def test_a_check_uses_a_twentieth_of_the_clips_within_bounds(
    store, n_training_clips, every_n_epochs, n_clips
):
    _, monitor = make_training(store, n_training_clips, every_n_epochs)
    assert monitor.n_clips == n_clips
    clips = monitor.draws["patches"]["clip"][:, 0]
    assert len(clips.unique()) == n_clips
    assert (clips[0], clips[-1]) == (0, n_training_clips - 1), "from all over the clips"
    assert monitor.highest_rank == 32


def test_the_rank_is_bounded_by_the_number_of_views(store):
    _, monitor = make_training(store, 5)
    assert monitor.highest_rank == 9
    assert monitor.check()["effective_rank"] <= 9


def test_the_summary_has_the_last_check(store):
    _, monitor = make_training(store)
    first, last = dict.fromkeys(MEASURES, 0.5), dict.fromkeys(MEASURES, 0.7)
    checks = [{"step": 3, "epoch": 1, **first}, {"step": 6, "epoch": 2, **last}]
    summary = monitor.summary(checks, is_finished=False)
    assert summary == HealthSummary(
        health=last | {"highest_rank": 32},
        verdict="too early to tell",
        alarms={},
        stopping_point=None,
    )


def checks_of(path, recipe):
    """A check by the first rank, as the loop of a training makes it."""
    parts = build_pretraining(open_store(path), recipe, choose_hardware("32-true", "auto"))
    monitor = HealthMonitor(parts.training, parts.projector)
    parts.training.module.eval()
    checks = monitor.check() if is_first() else {}
    wait_for_all()
    return checks


def test_the_first_rank_checks_without_the_others(store, tiny_recipe):
    """Also where the ranks standardize the views of a step together."""
    recipe = tiny_recipe | {"training": tiny_recipe["training"] | {"post_norm": True}}
    of_first, of_second = on_ranks(2, checks_of, store.path, recipe)
    assert of_first == pytest.approx(checks_of(store.path, recipe), rel=1e-3)
    assert of_second == {}
