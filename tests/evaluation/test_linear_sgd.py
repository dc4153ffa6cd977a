import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.linear_sgd import SGDSettings, fit_by_sgd
from soundalike.evaluation.metrics import score


def overlapping_classes(n_clips, seed, n_classes=5, dim=20, most_patches=4):
    """Patches around their clips, which lie around one center per class."""
    generator = torch.Generator().manual_seed(seed)
    centers = 0.35 * torch.randn(n_classes, dim, generator=torch.Generator().manual_seed(99))
    labels = torch.randint(n_classes, (n_clips,), generator=generator)
    n_patches = torch.randint(1, most_patches + 1, (n_clips,), generator=generator)
    clips = torch.arange(n_clips).repeat_interleave(n_patches)
    clips = clips[torch.randperm(len(clips), generator=generator)]
    of_clip = centers[labels] + 0.7 * torch.randn(n_clips, dim, generator=generator)
    return of_clip[clips] + 0.5 * torch.randn(len(clips), dim, generator=generator), clips, labels


def several_labels(n_clips, seed, n_classes=5, dim=20):
    """Patches of clips with any number of classes, one to three patches per clip."""
    generator = torch.Generator().manual_seed(seed)
    centers = torch.randn(n_classes, dim, generator=torch.Generator().manual_seed(99))
    labels = (torch.rand(n_clips, n_classes, generator=generator) < 0.3).float()
    n_patches = torch.randint(1, 4, (n_clips,), generator=generator)
    clips = torch.arange(n_clips).repeat_interleave(n_patches)
    noise = 2 * torch.randn(len(clips), dim, generator=generator)
    return (labels @ centers)[clips] + noise, clips, labels


def scores_of(probe, h, clips):
    return clip_scores(probe.probabilities(h).numpy(), clips.numpy())


def predict(probe, h, clips):
    return scores_of(probe, h, clips).argmax(axis=1)


def patches_in_order(clips, n_clips, n_epochs, seed):
    """Plain loops: clips in random order, one random patch of each."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n_epochs):
        order = torch.randperm(n_clips, generator=generator).tolist()
        places = torch.rand(n_clips, generator=generator, dtype=torch.float64).tolist()
        patches_of = [(clips == clip).nonzero()[:, 0].tolist() for clip in range(n_clips)]
        yield order, [patches_of[clip][int(places[clip] * len(patches_of[clip]))] for clip in order]


@pytest.mark.parametrize("kind", ["one label", "several labels"])
@pytest.mark.parametrize("weight_decay", [1e-4, 0.2])
def test_equals_a_linear_layer_trained_by_torch_sgd_on_the_same_patches(kind, weight_decay):
    h, clips, labels = overlapping_classes(50, seed=0, dim=7)
    h = 3 * h.double() + 5
    if kind == "several labels":
        labels = (torch.rand(50, 5, generator=torch.Generator().manual_seed(0)) < 0.4).float()

    settings = SGDSettings(
        n_epochs=12, milestones=(5, 9), batch_size=16, weight_decay=weight_decay, seed=3
    )
    probe, epoch = fit_by_sgd(h, clips, labels, 5, settings=settings)

    layer = torch.nn.Linear(7, 5, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [5, 9])
    for order, patches in patches_in_order(clips, 50, n_epochs=12, seed=3):
        for start in range(0, 50, 16):
            logits = layer(h[patches[start : start + 16]])
            y = labels[order[start : start + 16]]
            if kind == "several labels":
                each = binary_cross_entropy_with_logits(logits, y.double(), reduction="none")
                loss = each.sum(dim=1).mean()
            else:
                loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    logits = layer(h).detach()
    expected = logits.sigmoid() if kind == "several labels" else logits.softmax(dim=1)
    torch.testing.assert_close(probe.probabilities(h), expected)
    torch.testing.assert_close(probe.weight, layer.weight.detach().T)
    torch.testing.assert_close(probe.bias, layer.bias.detach())
    assert epoch == 12


def test_each_of_several_labels_trains_as_if_alone():
    h, clips, labels = several_labels(60, seed=8)
    together, _ = fit_by_sgd(h, clips, labels, 5, settings=SGDSettings(n_epochs=5))
    for column in range(5):
        alone, _ = fit_by_sgd(h, clips, labels[:, [column]], 1, settings=SGDSettings(n_epochs=5))
        torch.testing.assert_close(alone.weight[:, 0], together.weight[:, column])


@pytest.mark.parametrize("kind", [overlapping_classes, several_labels])
def test_the_best_epoch_on_validation_clips_is_chosen(kind):
    h, clips, labels = kind(80, seed=5)
    validation = kind(60, seed=6)

    def validation_score(probe):
        return score(validation[2], scores_of(probe, *validation[:2]))

    # There is no milestone, so the first epochs of a longer training equal a shorter one.
    each = [
        validation_score(fit_by_sgd(h, clips, labels, 5, settings=SGDSettings(n_epochs=n))[0])
        for n in range(1, 9)
    ]
    chosen, epoch = fit_by_sgd(h, clips, labels, 5, validation, settings=SGDSettings(n_epochs=8))

    assert len(set(each)) > 1
    assert epoch == 1 + int(np.argmax(each))
    assert validation_score(chosen) == max(each)


def test_the_first_of_equally_good_epochs_is_chosen():
    h = torch.tensor([[-1.0], [1.0]])
    labels = torch.tensor([0, 1])
    validation = (h, labels, labels)
    _, epoch = fit_by_sgd(h, labels, labels, 2, validation, SGDSettings(n_epochs=5))
    assert epoch == 1


def test_the_same_seed_gives_the_same_probe():
    h, clips, labels = overlapping_classes(50, seed=7)
    first, again, other = (
        fit_by_sgd(h, clips, labels, 5, settings=SGDSettings(n_epochs=3, seed=seed))[0].weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_epoch_sees_one_random_patch_of_each_clip():
    # One clip has a hundred times the patches of the other. If an epoch took all patches, the bias
    # would favor class 1 by a hundred to one.
    h = torch.zeros(101, 3)
    clips = torch.tensor([0] + [1] * 100)
    probe, _ = fit_by_sgd(h, clips, torch.arange(2), 2, settings=SGDSettings(n_epochs=50))
    torch.testing.assert_close(probe.bias.softmax(dim=0), torch.tensor([0.5, 0.5]))


def test_every_patch_is_used():
    # Each patch of class 0 has a feature of its own, and all features get weight.
    h = torch.zeros(8, 4)
    h[:4] = torch.eye(4)
    clips = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    probe, _ = fit_by_sgd(h, clips, torch.arange(2), 2, settings=SGDSettings(n_epochs=60))
    assert (probe.weight[:, 0] > probe.weight[:, 1]).all()


def test_an_error_names_a_clip_without_patches():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        fit_by_sgd(torch.randn(2, 3), torch.tensor([0, 2]), torch.tensor([0, 1, 0]), 2)
