import torch

from soundalike.views.augmentation import uniform_integers


def test_every_integer_below_the_limit_is_equally_likely() -> None:
    generator = torch.Generator().manual_seed(0)
    values = uniform_integers(torch.full((50_000,), 5), generator)
    counts = torch.bincount(values, minlength=5)
    assert counts.shape == (5,)
    assert (counts - 10_000).abs().max() < 450  # five standard deviations


def test_each_element_has_its_own_limit() -> None:
    n_values = torch.tensor([[1, 2, 3], [10, 100, 10**12]])
    generator = torch.Generator().manual_seed(0)
    values = torch.stack([uniform_integers(n_values, generator) for _ in range(200)])
    assert values.dtype == torch.int64
    assert (values >= 0).all()
    assert (values < n_values).all()
    assert values[:, 0].amax(0).tolist() == [0, 1, 2]
    assert values[:, 1, 2].max() > 0.9 * 10**12
