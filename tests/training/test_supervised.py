"""A supervised step: which patches it cuts, and that it is a plain step of its optimiser."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.models.resnet import ResNet18
from soundalike.training.draws import batches, clip_order, step_generator
from soundalike.training.hardware import Hardware
from soundalike.training.schedules import StepSchedule
from soundalike.training.supervised import SupervisedSettings, SupervisedTraining


def make_training(store, patch_frames=101, **settings):
    settings = SupervisedSettings(**{"n_epochs": 4, "batch_size": 10, "seed": 3, **settings})
    torch.manual_seed(0)
    ear = SoundEncoder(
        ResNet18(width=4), {"name": "resnet18", "width": 4}, store.log_mel, patch_frames, -3.0, 2.0
    )
    classifier = SoundClassifier(ear, store.clips.classes)
    return SupervisedTraining(
        fabric=Hardware("cpu", "32-true", False, "").fabric(),
        classifier=classifier,
        optimizer=torch.optim.SGD(classifier.parameters(), lr=0.05, momentum=0.9),
        schedule=StepSchedule(milestones=[2]),
        criterion=CrossEntropy(),
        frames=torch.from_numpy(store.frames),
        offsets=store.offsets,
        n_frames=store.n_frames,
        labels=store.clips.labels(store.clips.classes),
        settings=settings,
    )


def test_a_step_is_one_of_the_optimiser_on_one_patch_of_each_clip(store):
    training, by_hand = make_training(store), make_training(store)
    optimizer = torch.optim.SGD(by_hand.module.parameters(), lr=0.05, momentum=0.9)
    labels = torch.from_numpy(store.clips.labels(store.clips.classes))
    for number in range(4):
        epoch, position = divmod(number, 3)
        clips = torch.from_numpy(batches(clip_order(24, 3, epoch), 10)[position])
        patches = by_hand.cut(by_hand.draw(clips, step_generator(3, epoch, position))["patches"])
        logits = by_hand.module.linear(
            by_hand.module.ear.encoder(((patches - -3.0) / 2.0).unsqueeze(1))
        )
        loss = F.cross_entropy(logits, labels[clips])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert training.step(number).item() == pytest.approx(loss.item(), rel=1e-5)


def test_patches_lie_in_their_clips(store):
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


def test_the_loss_is_told_how_far_the_training_is(store):
    training, told = make_training(store), []

    def criterion(logits, labels, progress):
        told.append(progress)
        return logits.sum()

    training.criterion = criterion
    for number in (0, 6, 9):
        training.step(number)
    assert told == [0, 0.5, 0.75]


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_epochs": 0},
        {"batch_size": 1},
        {"patch_frames": 0},
        {"seed": -1},
        {"validate_every_n_epochs": 0},
    ],
)
def test_settings_out_of_range_are_named(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"training\.{name} must be at least"):
        SupervisedSettings(**wrong)
