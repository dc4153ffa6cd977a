import pytest
import torch

from soundalike.views.compression import Compression


def test_factors_fill_the_range_from_lowest_to_one() -> None:
    factor = Compression(0.75).draw(2000, 101, 96, torch.Generator().manual_seed(0))["factor"]
    assert 0.75 <= factor.min() < 0.755
    assert 0.995 < factor.max() <= 1


def test_level_differences_shrink_by_the_factor() -> None:
    patches = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0)) - 4
    factor = torch.tensor([0.75, 0.9, 1.0])
    views = Compression().apply(patches, {"factor": factor})
    expected = factor[:, None, None] * patches.diff(dim=1)
    torch.testing.assert_close(views.diff(dim=1), expected, rtol=0, atol=1e-5)
    assert torch.equal(views[2], patches[2])


@pytest.mark.parametrize("lowest", [0, -0.5, 1.01, float("nan")])
def test_refuses_factors_that_do_not_compress(lowest: float) -> None:
    with pytest.raises(ValueError, match=r"lowest factor in \(0, 1\]"):
        Compression(lowest)
