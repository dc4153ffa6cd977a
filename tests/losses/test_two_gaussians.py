import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from soundalike.losses.two_gaussians import LOWEST_VARIANCE, is_of_lower


def two_groups(n_low: int, n_high: int, spread: float, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(1, spread, n_low), rng.normal(3, spread, n_high)])
    return torch.from_numpy(values).float()


@pytest.mark.parametrize(("n_low", "n_high"), [(300, 100), (100, 300)])
def test_equals_the_mixture_of_scikit_learn(n_low, n_high) -> None:
    values = two_groups(n_low, n_high, 0.4, seed=0)
    x = ((values - values.min()) / (values.max() - values.min())).double().numpy()[:, None]
    mixture = GaussianMixture(
        2, means_init=[[0], [1]], reg_covar=LOWEST_VARIANCE, tol=1e-9, max_iter=500
    ).fit(x)
    means = mixture.means_[:, 0]
    inside = np.clip(x, means.min(), means.max())
    expected = mixture.predict_proba(inside)[:, means.argmin()]
    assert is_of_lower(values).numpy() == pytest.approx(expected, abs=0.01)


def test_separate_groups_are_told_apart_at_any_scale() -> None:
    values = two_groups(50, 50, 0.1, seed=1)
    for scaled in (values, 1e3 * values - 7, 1e-3 * values):
        p = is_of_lower(scaled)
        assert (p[:50] > 0.99).all()
        assert (p[50:] < 0.01).all()


def test_a_lower_value_is_never_less_likely_of_the_lower_one() -> None:
    rng = np.random.default_rng(2)
    wide = np.concatenate([rng.normal(0, 0.1, 300), rng.normal(1, 2, 100)])
    p = is_of_lower(torch.from_numpy(wide).sort().values)
    assert (p.diff() <= 1e-9).all()


@pytest.mark.parametrize("values", [[2.0], [3.0, 3.0, 3.0], [1.0, 2.0]])
def test_a_few_or_equal_values_give_probabilities(values) -> None:
    p = is_of_lower(torch.tensor(values))
    assert p.isfinite().all()
    assert ((p >= 0) & (p <= 1)).all()
