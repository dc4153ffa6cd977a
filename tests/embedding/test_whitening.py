"""Whitening: its formula, its effect, and invariances."""

import numpy as np
import pytest
import torch

from soundalike.embedding.whitening import Whitening


def embeddings(n=200, dim=12, seed=0):
    """Return embeddings with a mean other than zero and a different variance in each direction."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dim, dim)) * np.geomspace(10, 0.1, dim)
    return torch.from_numpy(rng.normal(size=(n, dim)) @ mixing.T + 3).float()


def whiten_one(h, x, n_components):
    """Whiten x by the eigenvectors of the covariance of h, one by one."""
    h, x = h.double().numpy(), x.double().numpy()
    variances, vectors = np.linalg.eigh(np.cov(h.T, bias=True))
    mean_variance = variances.sum() / min(h.shape)
    components = []
    for number in np.argsort(variances)[::-1][:n_components]:
        along = vectors[:, number] @ (x - h.mean(axis=0))
        components.append(along / np.sqrt(variances[number] + mean_variance))
    return np.array(components) / np.sqrt(np.mean(np.square(components)))


@pytest.mark.parametrize(("n", "n_components"), [(200, 1), (200, 5), (200, 12), (8, 5)])
def test_equals_the_formula(n, n_components):
    h = embeddings(n)
    whitened = Whitening.of(h, n_components)(h[:7])
    for x, row in zip(h[:7], whitened, strict=True):
        # A component may point either way.
        assert np.allclose(row.abs(), np.abs(whiten_one(h, x, n_components)), atol=1e-4)


def test_components_have_equal_variance_and_are_uncorrelated():
    h = embeddings(2000) * 10
    whitening = Whitening.of(h, 12)
    covariance = np.cov((h - whitening.center).double() @ whitening.axes.double(), rowvar=False)
    variances = covariance.diagonal()
    assert np.allclose(covariance, np.diag(variances), atol=1e-4)
    assert (np.diff(variances) < 0).all()
    ours = np.linalg.eigvalsh(np.cov(h.T))[::-1]
    assert np.allclose(variances, ours / (ours + ours.mean()), rtol=1e-2)


def test_standardized_features_are_whitened_like_features_of_unit_variance():
    h = embeddings() * torch.logspace(-3, 3, 12)
    std = h.std(dim=0, correction=0)
    ours, theirs = Whitening.of(h, 12, standardize=True)(h), Whitening.of(h / std, 12)(h / std)
    assert torch.allclose(ours @ ours.T, theirs @ theirs.T, atol=2e-3)


def test_a_constant_feature_changes_nothing():
    h = embeddings()
    constant = torch.cat([h, torch.full((len(h), 1), 0.3)], dim=1)
    ours = Whitening.of(constant, 5, standardize=True)(constant)
    theirs = Whitening.of(h, 5, standardize=True)(h)
    assert torch.allclose(ours @ ours.T, theirs @ theirs.T, rtol=0.1, atol=0.2)
    assert Whitening.of(constant, 5, standardize=True).axes[-1].abs().max() < 1e-3


@pytest.mark.parametrize("change", ["turned", "mirrored", "scaled", "moved"])
def test_similarities_do_not_depend_on_scale_and_rotation(change):
    h = embeddings()
    turn = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(0)))[0]
    changed = {"turned": h @ turn, "mirrored": -h, "scaled": 40 * h, "moved": h - 7}[change]
    ours, theirs = (Whitening.of(x, 5)(x) for x in (h, changed))
    assert torch.allclose(ours @ ours.T, theirs @ theirs.T, atol=2e-3)


def test_the_order_of_the_embeddings_does_not_matter():
    h = embeddings()
    assert torch.allclose(Whitening.of(h, 5)(h), Whitening.of(h.flip(0), 5)(h), atol=1e-4)


def test_the_number_of_components_is_limited_by_embeddings_and_dimensions():
    assert Whitening.of(embeddings(200), 40).n_components == 12
    assert Whitening.of(embeddings(5), 40).n_components == 5
    assert Whitening.of(embeddings(5), 3)(embeddings(2)).shape == (2, 3)


def test_few_embeddings_do_not_become_equidistant():
    kind = torch.arange(20) % 2
    h = torch.randn(20, 300, generator=torch.Generator().manual_seed(0)) + kind[:, None]
    white = Whitening.of(h, 19)(h)
    similarity = torch.nn.functional.cosine_similarity(white[:, None], white, dim=-1)
    alike = kind[:, None] == kind
    others = ~torch.eye(20, dtype=bool)
    assert similarity[alike & others].mean() > similarity[~alike].mean() + 0.05


def test_identical_embeddings_stay_finite():
    assert Whitening.of(torch.ones(10, 4), 4)(torch.ones(2, 4)).isfinite().all()


def test_whitening_is_exact_under_autocast():
    h = embeddings()
    whitening = Whitening.of(h, 12)
    with torch.autocast("cpu", torch.bfloat16):
        whitened = whitening(h)
    assert whitened.dtype == torch.float32
    assert torch.equal(whitened, whitening(h))
