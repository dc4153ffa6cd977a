import pytest
import torch
from torch.nn.functional import one_hot

from soundalike.evaluation.linear_sgd import SGDSettings, train_linear


def trained(settings, h, clips, targets, decays, is_multi_label=False, in_training=None):
    """The classifiers after the last epoch."""
    *_, theta = train_linear(
        h, clips, targets, decays,
        is_multi_label=is_multi_label, in_training=in_training, settings=settings,
    )  # fmt: skip
    return theta


@pytest.fixture
def patches():
    """Thirty clips of three classes, of one to three patches."""
    generator = torch.Generator().manual_seed(0)
    clips = torch.arange(30).repeat_interleave(torch.arange(30) % 3 + 1)
    h = torch.randn(len(clips), 6, generator=generator, dtype=torch.float64)
    return h, clips, one_hot(torch.arange(30) % 3, 3).double()


@pytest.mark.parametrize("is_multi_label", [False, True])
def test_classifiers_side_by_side_equal_classifiers_alone(patches, is_multi_label):
    settings = SGDSettings(n_epochs=5, milestones=(3,), batch_size=8)
    decays = torch.tensor([0.0, 0.01, 1.0], dtype=torch.float64)
    together = trained(settings, *patches, decays, is_multi_label)
    assert together.shape == (7, 3, 3)
    for k in range(3):
        alone = trained(settings, *patches, decays[[k]], is_multi_label)
        torch.testing.assert_close(together[:, k], alone[:, 0])


def test_a_classifier_ignores_clips_outside_its_training_set(patches):
    h, clips, targets = patches
    settings, no_decay = SGDSettings(n_epochs=5, batch_size=8), torch.zeros(2)
    in_training = torch.ones(30, 2, dtype=torch.bool)
    in_training[10:15, 1] = False
    first = trained(settings, h, clips, targets, no_decay, in_training=in_training)
    others = torch.where((clips >= 10) & (clips < 15), 100.0, 1.0)[:, None] * h
    second = trained(settings, others, clips, targets, no_decay, in_training=in_training)
    torch.testing.assert_close(first[:, 1], second[:, 1])
    assert (first[:, 0] - second[:, 0]).abs().max() > 0.1


def test_a_classifier_without_training_clips_stays_at_zero(patches):
    in_training = torch.zeros(30, 1, dtype=torch.bool)
    theta = trained(SGDSettings(n_epochs=2), *patches, torch.ones(1), in_training=in_training)
    assert (theta == 0).all()


def test_every_epoch_sees_one_random_patch_of_each_clip():
    # One clip has a hundred times the patches of the other. If an epoch took all patches, the bias
    # would favor class 1 by a hundred to one.
    h = torch.zeros(101, 3)
    clips = torch.tensor([0] + [1] * 100)
    theta = trained(SGDSettings(n_epochs=50), h, clips, torch.eye(2), torch.zeros(1))
    torch.testing.assert_close(theta[-1, 0].softmax(dim=0), torch.tensor([0.5, 0.5]))


def test_every_patch_is_used():
    # Each patch of class 0 has a feature of its own, and all features get weight.
    h = torch.zeros(8, 4)
    h[:4] = torch.eye(4)
    clips = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    theta = trained(SGDSettings(n_epochs=60), h, clips, torch.eye(2), torch.zeros(1))
    assert (theta[:-1, 0, 0] > theta[:-1, 0, 1]).all()


def test_an_error_names_a_clip_without_patches():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        trained(
            SGDSettings(), torch.randn(2, 3), torch.tensor([0, 2]), torch.eye(3), torch.zeros(1)
        )
