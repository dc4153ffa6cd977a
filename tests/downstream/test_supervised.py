"""A supervised step: its patches, and the update of the optimizer."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.downstream.heads import with_heads
from soundalike.downstream.supervised import (
    SupervisedSettings,
    SupervisedTraining,
    check_recipe,
    others_of_same_length,
)
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.co_training import CoTraining
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.mixup import Mixup
from soundalike.models.resnet import ResNet18
from soundalike.optim.schedules import StepSchedule
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe, recipe_names
from soundalike.runtime.hardware import Hardware
from soundalike.training.draws import batches, clip_order, step_generator


def make_training(store, patch_frames=101, window_frames=None, criterion=None, **settings):
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
    criterion = criterion or CrossEntropy()
    criterion.prepare(len(store.clips), len(store.clips.classes))
    network = with_heads(classifier, criterion.n_heads)
    return SupervisedTraining(
        fabric=Hardware("cpu", "32-true", False, "").fabric(),
        classifier=classifier,
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9),
        schedule=StepSchedule(milestones=[2]),
        criterion=criterion,
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

    class Recorder(ClassificationLoss):
        def forward(self, logits, batch):
            progress.append(batch.progress)
            return logits.sum()

    training.criterion = Recorder()
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


def test_mixup_mixes_patches_of_one_length_and_their_labels(store):
    """Compared with mixing by hand, for a model whose windows have the lengths of the clips."""
    training = make_training(store, window_frames=170, criterion=Mixup(), linear_probe_init=True)
    clips = torch.arange(24)
    draws = training.draw(clips, torch.Generator().manual_seed(0))["patches"]
    (share,) = draws["share"].unique().tolist()
    labels, lengths = torch.from_numpy(store.clips.labels().values), training._patch_frames(clips)
    network, total = training.module.eval(), 0.0
    for length in lengths.unique():
        of_length = clips[lengths == length]
        others = of_length[draws["other"][of_length]]
        for clip, other in zip(of_length.tolist(), others.tolist(), strict=True):
            first, second = (
                training.cut({key: draws[key][[index]] for key in ("clip", "start")})
                for index in (clip, other)
            )
            logits = network(share * first + (1 - share) * second)
            total += share * F.cross_entropy(logits, labels[[clip]])
            total += (1 - share) * F.cross_entropy(logits, labels[[other]])
    torch.testing.assert_close(training.loss({"patches": draws}, 0.0), total / 24)


def test_a_clip_is_mixed_with_one_of_its_length():
    lengths = torch.tensor([5, 7, 5, 5, 7, 9])
    others = others_of_same_length(lengths, torch.Generator().manual_seed(0))
    assert sorted(others[lengths == 5].tolist()) == [0, 1, 2]
    assert sorted(others[lengths == 7].tolist()) == [0, 1]
    assert others[5] == 0


def test_two_heads_train_on_halves_of_the_clips_and_the_classifier_is_their_mean(store):
    training = make_training(store, criterion=CoTraining())
    for number in range(4):
        training.step(number)
    patches = torch.from_numpy(store.of_clip(0)[None, :101]).float()
    heads = training.module.eval()(patches).chunk(2, dim=1)
    assert not torch.allclose(*heads)
    torch.testing.assert_close((heads[0] + heads[1]) / 2, training.classifier.eval()(patches))
    assert training.criterion.losses.isfinite().all(), "every clip is judged in an epoch"
