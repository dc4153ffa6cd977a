"""A supervised step: its patches, and the update of the optimizer."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.downstream.supervised import (
    SupervisedSettings,
    SupervisedTraining,
    check_recipe,
)
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import StepSchedule
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe, recipe_names
from soundalike.runtime.hardware import Hardware
from soundalike.training.draws import batches, clip_order, step_generator


def make_training(store, patch_frames=101, window_frames=None, **settings):
    settings = SupervisedSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings})
    torch.manual_seed(0)
    model = SoundEncoder(
        ResNet18(width=4),
        {"name": "resnet18", "width": 4},
        store.front_end,
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(window_frames or patch_frames, patch_frames),
    )
    classifier = SoundClassifier(model, store.clips.classes)
    return SupervisedTraining(
        fabric=Hardware("cpu", "32-true", False, "").fabric(),
        classifier=classifier,
        optimizer=torch.optim.SGD(classifier.parameters(), lr=0.05, momentum=0.9),
        schedule=StepSchedule(milestones=[2]),
        criterion=CrossEntropy(),
        frames=store.as_frames(),
        labels=store.clips.labels().values,
        settings=settings,
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training.batch_size": 1}, "training.batch_size must be at least 2"),
        ({"optimizer.lr": -1}, "learning rate"),
        ({"schedule.factor": 2}, "factor from 0 to 1"),
        ({"loss.label_smoothing": 2}, "label_smoothing"),
    ],
)
def test_a_recipe_is_refused_without_any_clips(overrides, message):
    for name in recipe_names(SUPERVISED):
        check_recipe(read_recipe(name, SUPERVISED))
    with pytest.raises(RecipeError, match=message):
        check_recipe(read_recipe("finetune", SUPERVISED, overrides))


def test_a_step_trains_on_one_patch_of_each_clip(store):
    training, by_hand = make_training(store), make_training(store)
    optimizer = torch.optim.SGD(by_hand.module.parameters(), lr=0.05, momentum=0.9)
    labels = torch.from_numpy(store.clips.labels().values)
    for number in range(4):
        epoch, position = divmod(number, 3)
        clips = torch.from_numpy(batches(clip_order(24, 3, epoch), 10)[position])
        patches = by_hand.cut(by_hand.draw(clips, step_generator(3, epoch, position))["patches"])
        logits = by_hand.module.linear(
            by_hand.module.model.encoder(((patches - -3.0) / 2.0).unsqueeze(1))
        )
        loss = F.cross_entropy(logits, labels[clips])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert training.step(number).item() == pytest.approx(loss.item(), rel=1e-5)


def test_patches_are_cut_from_inside_their_clips(store):
    training = make_training(store)
    clips = torch.arange(24)
    seen = set()
    for seed in range(20):
        patches = training.cut(training.draw(clips, torch.Generator().manual_seed(seed))["patches"])
        for clip in (0, 7, 23):
            log_mel = torch.from_numpy(store.of_clip(clip))
            windows = log_mel.unfold(0, 101, 1).mT
            (start,) = (windows == patches[clip]).flatten(1).all(dim=1).nonzero()[:, 0].tolist()
            seen.add((clip, start))
    assert len({start for clip, start in seen if clip == 7}) > 10


def test_a_clip_shorter_than_a_patch_is_repeated(store):
    training = make_training(store, patch_frames=250)
    clip = int(store.n_frames.argmin())
    draws = training.draw(torch.tensor([clip]), torch.Generator())
    patch = training.cut(draws["patches"])[0].numpy()
    log_mel = store.of_clip(clip)
    assert len(log_mel) < 250
    for frame in range(250):
        assert np.array_equal(patch[frame], log_mel[frame % len(log_mel)])


def test_a_model_with_windows_trains_on_windows(store):
    """Compared with clips one by one, each whole or a window of it."""
    training = make_training(store, window_frames=170, linear_probe_init=True)
    clips = torch.arange(24)
    assert int(training.frames.n_frames.min()) < 170 < int(training.frames.n_frames.max())
    draws = training.draw(clips, torch.Generator().manual_seed(0))
    expected = []
    for clip, start in zip(clips.tolist(), draws["patches"]["start"].tolist(), strict=True):
        window = torch.from_numpy(store.of_clip(clip))[start : start + 170]
        assert len(window) == min(170, store.n_frames[clip])
        expected.append(training.module.eval()(window[None].float())[0])
    labels = torch.from_numpy(store.clips.labels().values)
    loss = training.loss(draws, 0.0)
    torch.testing.assert_close(loss, F.cross_entropy(torch.stack(expected), labels))


def test_gains_are_random_and_nothing_else_changes(store):
    plain, louder = make_training(store), make_training(store, gain_db=6.0)
    clips = torch.arange(24).repeat(10)
    draws = louder.draw(clips, torch.Generator().manual_seed(0))["patches"]
    assert "gain" not in plain.draw(clips, torch.Generator())["patches"]
    changes = louder.cut(draws) - plain.cut({key: draws[key] for key in ("clip", "start")})
    change_db = 10 * changes.mean(dim=(1, 2))
    torch.testing.assert_close(changes, (change_db / 10)[:, None, None].expand_as(changes))
    assert -6 <= change_db.min() < -5
    assert 5 < change_db.max() <= 6


@pytest.mark.parametrize("linear_probe_init", [False, True])
def test_linear_probe_init_freezes_batch_norm_statistics(store, linear_probe_init):
    training = make_training(store, linear_probe_init=linear_probe_init)
    before = {name: value.clone() for name, value in training.module.named_buffers()}
    training.module.train()
    training.step(0)
    stayed = [torch.equal(value, before[name]) for name, value in training.module.named_buffers()]
    assert all(stayed) == linear_probe_init


def test_the_loss_gets_the_progress_of_the_training(store):
    training, progress = make_training(store), []

    def criterion(logits, batch):
        progress.append(batch.progress)
        return logits.sum()

    training.criterion = criterion
    for number in (0, 6, 9):
        training.step(number)
    assert progress == [0, 0.5, 0.75]


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_epochs": 0},
        {"batch_size": 1},
        {"patch_frames": 0},
        {"gain_db": -1.0},
        {"gain_db": float("nan")},
        {"seed": -1},
        {"validate_every_n_epochs": 0},
    ],
)
def test_settings_out_of_range_are_named(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"training\.{name} must be at least"):
        SupervisedSettings(**wrong)


def test_scoring_takes_a_third_of_a_step_for_the_same_frames(store):
    training = make_training(store)
    assert training.steps_of_scoring(np.full(30, 101)) == pytest.approx(1.0)
    assert training.steps_of_scoring(np.full(10, 201)) == pytest.approx(1.0), "three windows"
    assert training.steps_of_scoring(np.zeros(0, int)) == 0
