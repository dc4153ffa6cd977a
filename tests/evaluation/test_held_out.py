import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, one_hot

from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.held_out import held_out_losses
from soundalike.evaluation.linear_sgd import SGDSettings


def two_patches_a_clip(n_clips, seed=0):
    """Patches of clips with one and with several of three overlapping classes."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.arange(n_clips) % 3
    clips = torch.arange(n_clips).repeat_interleave(2)
    noise = torch.randn(2 * n_clips, 6, generator=generator, dtype=torch.float64)
    several = (torch.rand(n_clips, 3, generator=generator) < 0.4).long()
    return torch.eye(3, 6)[kinds][clips] + noise, clips, kinds, several


def trained_in_loops(x, clips, targets, in_training, loss_of, decay, settings):
    """A linear layer trained by torch's SGD on one patch of each clip outside a fold."""
    layer = torch.nn.Linear(x.shape[1], 3, dtype=x.dtype)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    groups = [{"params": [layer.weight], "weight_decay": decay}, {"params": [layer.bias]}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.n_epochs):
        order = torch.randperm(len(targets), generator=generator).tolist()
        second = torch.rand(len(targets), generator=generator, dtype=torch.float64) >= 0.5
        for start in range(0, len(order), settings.batch_size):
            batch = [
                clip for clip in order[start : start + settings.batch_size] if in_training[clip]
            ]
            patches = [2 * clip + int(second[clip]) for clip in batch]
            assert clips[patches].tolist() == batch
            loss = loss_of(layer(x[patches]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return layer


def cross_entropy_of(logits, y):
    return -(y * logits.log_softmax(dim=1)).sum(dim=1).mean()


def binary_cross_entropies_of(logits, y):
    return binary_cross_entropy_with_logits(logits, y, reduction="none").sum(dim=1).mean()


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("kind", ["one label", "several labels"])
def test_equals_classifiers_trained_one_by_one(kind, standardize):
    h, clips, kinds, several = two_patches_a_clip(40)
    fold = np.array([0, 1, 2, -1])[np.arange(40) % 4]
    settings = SGDSettings(n_epochs=8, milestones=(), batch_size=16, decay_bias=False, seed=3)
    labels = kinds if kind == "one label" else several
    precisions = [1.0, 30.0]

    losses = held_out_losses(
        h, clips, labels, 3, fold, precisions, standardize=standardize, settings=settings
    )

    x = (h - h.mean(dim=0)) / h.std(dim=0, correction=0) if standardize else h
    y = (one_hot(kinds, 3) if kind == "one label" else several).double()
    loss_of = cross_entropy_of if kind == "one label" else binary_cross_entropies_of
    for precision, loss in zip(precisions, losses, strict=True):
        expected = []
        for k in range(3):
            in_training = fold != k
            decay = precision / in_training.sum()
            layer = trained_in_loops(x, clips, y, in_training, loss_of, decay, settings)
            for clip in np.flatnonzero(~in_training):
                logits = layer(x[clips == clip]).detach()
                if kind == "one label":
                    p = logits.softmax(dim=1).mean(dim=0)
                    expected.append(-p[kinds[clip]].log())
                else:
                    p = logits.sigmoid().mean(dim=0)
                    expected.append(binary_cross_entropy(p, y[clip], reduction="sum"))
        assert len(expected) == 30
        assert loss == pytest.approx(float(torch.stack(expected).mean()))


def test_losses_are_zero_without_held_out_clips():
    h, clips, kinds, _ = two_patches_a_clip(3)
    fold = stratified_folds(kinds.numpy(), 5, seed=0)
    assert (fold == -1).all()
    assert held_out_losses(h, clips, kinds, 3, fold, [1.0, 10.0]).tolist() == [0, 0]
