import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.linear_probe import fit_linear_probe
from soundalike.evaluation.linear_sgd import SGDSettings
from soundalike.evaluation.metrics import accuracy, score


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


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("kind", ["one label", "several labels"])
@pytest.mark.parametrize(("weight_decay", "decay_bias"), [(1e-4, True), (0.2, True), (0.2, False)])
def test_equals_a_linear_layer_trained_by_torch_sgd_on_the_same_patches(
    kind, standardize, weight_decay, decay_bias
):
    h, clips, labels = overlapping_classes(50, seed=0, dim=7)
    h = 3 * h.double() + 5
    if kind == "several labels":
        labels = (torch.rand(50, 5, generator=torch.Generator().manual_seed(0)) < 0.4).float()

    probe = fit_linear_probe(
        h, clips, labels, 5, standardize=standardize, weight_decay=weight_decay,
        settings=SGDSettings(
            n_epochs=12, milestones=(5, 9), batch_size=16, decay_bias=decay_bias, seed=3
        ),
    )  # fmt: skip

    x = (h - h.mean(dim=0)) / h.std(dim=0, correction=0) if standardize else h
    layer = torch.nn.Linear(7, 5, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    decays = {layer.weight: weight_decay, layer.bias: weight_decay * decay_bias}
    groups = [{"params": [weights], "weight_decay": decay} for weights, decay in decays.items()]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [5, 9])
    for order, patches in patches_in_order(clips, 50, n_epochs=12, seed=3):
        for start in range(0, 50, 16):
            logits = layer(x[patches[start : start + 16]])
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
    logits = layer(x).detach()
    expected = logits.sigmoid() if kind == "several labels" else logits.softmax(dim=1)
    torch.testing.assert_close(probe.probabilities(h), expected)
    if not standardize:
        torch.testing.assert_close(probe.weight, layer.weight.detach().T)
        torch.testing.assert_close(probe.bias, layer.bias.detach())


def test_does_about_as_well_as_logistic_regression():
    h, clips, labels = overlapping_classes(400, seed=1)
    test_h, test_clips, test_labels = overlapping_classes(600, seed=2)
    probe = fit_linear_probe(
        h, clips, labels, 5, settings=SGDSettings(n_epochs=60, milestones=(30, 45))
    )

    scale = StandardScaler().fit(h.numpy())
    oracle = LogisticRegression(max_iter=1000)
    oracle.fit(scale.transform(h.numpy()), labels[clips].numpy())
    oracle_scores = clip_scores(
        oracle.predict_proba(scale.transform(test_h.numpy())), test_clips.numpy()
    )

    ours = accuracy(test_labels, predict(probe, test_h, test_clips))
    theirs = accuracy(test_labels, oracle_scores.argmax(axis=1))
    assert 0.5 < theirs < 0.95, "a comparison needs a task of medium difficulty"
    assert ours == pytest.approx(theirs, abs=0.03)


def test_does_about_as_well_as_one_logistic_regression_per_label():
    h, clips, labels = several_labels(400, seed=1)
    test_h, test_clips, test_labels = several_labels(600, seed=2)
    probe = fit_linear_probe(
        h, clips, labels, 5, settings=SGDSettings(n_epochs=60, milestones=(30, 45))
    )
    ours = scores_of(probe, test_h, test_clips)

    oracle = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(h, labels[clips])
    theirs = clip_scores(oracle.predict_proba(test_h), test_clips)

    assert 0.5 < score(test_labels, theirs) < 0.95, "a comparison needs a task of medium difficulty"
    assert score(test_labels, ours) == pytest.approx(score(test_labels, theirs), abs=0.03)


def test_each_of_several_labels_trains_as_if_alone():
    h, clips, labels = several_labels(60, seed=8)
    together = fit_linear_probe(h, clips, labels, 5, settings=SGDSettings(n_epochs=5))
    for column in range(5):
        alone = fit_linear_probe(h, clips, labels[:, [column]], 1, settings=SGDSettings(n_epochs=5))
        torch.testing.assert_close(alone.weight[:, 0], together.weight[:, column])


def test_scale_and_offset_of_the_features_do_not_matter():
    h, clips, labels = overlapping_classes(100, seed=3)
    h = h.double()
    moved = h * torch.logspace(-3, 3, 20, dtype=h.dtype) + 10
    plain = fit_linear_probe(h, clips, labels, 5, settings=SGDSettings(n_epochs=10))
    other = fit_linear_probe(moved, clips, labels, 5, settings=SGDSettings(n_epochs=10))
    torch.testing.assert_close(plain.probabilities(h), other.probabilities(moved))


def test_a_constant_feature_has_no_weight():
    h, clips, labels = overlapping_classes(60, seed=4)
    h[:, 3] = 0.1
    h[:, 7] = 0
    probe = fit_linear_probe(h, clips, labels, 5, settings=SGDSettings(n_epochs=5))
    assert probe.weight[[3, 7]].abs().max() < 1e-3
    assert probe.probabilities(h).isfinite().all()


@pytest.mark.parametrize("kind", [overlapping_classes, several_labels])
def test_the_best_epoch_on_validation_clips_is_chosen(kind):
    h, clips, labels = kind(80, seed=5)
    validation = kind(60, seed=6)

    def validation_score(probe):
        return score(validation[2], scores_of(probe, *validation[:2]))

    # There is no milestone, so the first epochs of a longer training equal a shorter one.
    each = [
        validation_score(fit_linear_probe(h, clips, labels, 5, settings=SGDSettings(n_epochs=n)))
        for n in range(1, 9)
    ]
    chosen = fit_linear_probe(h, clips, labels, 5, validation, settings=SGDSettings(n_epochs=8))

    assert len(set(each)) > 1
    assert chosen.epoch == 1 + int(np.argmax(each))
    assert validation_score(chosen) == max(each)


def test_the_first_of_equally_good_epochs_is_chosen():
    h = torch.tensor([[-1.0], [1.0]])
    labels = torch.tensor([0, 1])
    probe = fit_linear_probe(
        h, labels, labels, 2, (h, labels, labels), settings=SGDSettings(n_epochs=5)
    )
    assert probe.epoch == 1


def test_the_same_seed_gives_the_same_probe():
    h, clips, labels = overlapping_classes(50, seed=7)
    first, again, other = (
        fit_linear_probe(h, clips, labels, 5, settings=SGDSettings(n_epochs=3, seed=seed)).weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_error_names_a_clip_without_patches():
    with pytest.raises(ValueError, match="clip 1 has no patches"):
        fit_linear_probe(torch.randn(2, 3), torch.tensor([0, 2]), torch.tensor([0, 1, 0]), 2)
