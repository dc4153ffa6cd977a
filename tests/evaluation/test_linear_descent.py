import pytest
import torch
from torch.nn.functional import one_hot

from soundalike.evaluation.linear_descent import SGDSettings, descend


def last(settings, *arguments):
    """The classifiers after the last epoch."""
    return [theta.clone() for theta in descend(settings, *arguments)][-1]


@pytest.fixture
def patches():
    """Thirty clips of three classes, of one to three patches."""
    generator = torch.Generator().manual_seed(0)
    clips = torch.arange(30).repeat_interleave(torch.arange(30) % 3 + 1)
    h = torch.randn(len(clips), 6, generator=generator, dtype=torch.float64)
    return h, clips, one_hot(torch.arange(30) % 3, 3).double()


@pytest.mark.parametrize("is_multi_label", [False, True])
def test_classifiers_learn_side_by_side_as_if_alone(patches, is_multi_label):
    settings = SGDSettings(n_epochs=5, milestones=(3,), batch_size=8)
    decays = torch.tensor([0.0, 0.01, 1.0], dtype=torch.float64)
    together = last(settings, *patches, is_multi_label, decays)
    assert together.shape == (7, 3, 3)
    for k in range(3):
        alone = last(settings, *patches, is_multi_label, decays[[k]])
        torch.testing.assert_close(together[:, k], alone[:, 0])


def test_a_classifier_hears_nothing_of_clips_that_it_does_not_learn_from(patches):
    h, clips, targets = patches
    settings, no_decay = SGDSettings(n_epochs=5, batch_size=8), torch.zeros(2)
    learns_from = torch.ones(30, 2, dtype=torch.bool)
    learns_from[10:15, 1] = False
    first = last(settings, h, clips, targets, False, no_decay, learns_from)
    others = torch.where((clips >= 10) & (clips < 15), 100.0, 1.0)[:, None] * h
    second = last(settings, others, clips, targets, False, no_decay, learns_from)
    torch.testing.assert_close(first[:, 1], second[:, 1])
    assert (first[:, 0] - second[:, 0]).abs().max() > 0.1


def test_one_that_learns_from_no_clip_stays_at_zero(patches):
    learns_from = torch.zeros(30, 1, dtype=torch.bool)
    theta = last(SGDSettings(n_epochs=2), *patches, False, torch.ones(1), learns_from)
    assert (theta == 0).all()


def test_every_epoch_sees_one_random_patch_of_each_clip():
    # One clip has a hundred times the patches of the other: were they seen patch by patch,
    # the bias alone would favor class 1 by a hundred to one.
    h = torch.zeros(101, 3)
    clips = torch.tensor([0] + [1] * 100)
    theta = last(SGDSettings(n_epochs=50), h, clips, torch.eye(2), False, torch.zeros(1))
    torch.testing.assert_close(theta[-1, 0].softmax(dim=0), torch.tensor([0.5, 0.5]))


def test_all_patches_get_their_turn():
    # The patches of class 0 differ in which feature they have; each feature must have been seen.
    h = torch.zeros(8, 4)
    h[:4] = torch.eye(4)
    clips = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    theta = last(SGDSettings(n_epochs=60), h, clips, torch.eye(2), False, torch.zeros(1))
    assert (theta[:-1, 0, 0] > theta[:-1, 0, 1]).all()


def test_a_clip_without_patches_is_said():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        last(
            SGDSettings(),
            torch.randn(2, 3),
            torch.tensor([0, 2]),
            torch.eye(3),
            False,
            torch.zeros(1),
        )
