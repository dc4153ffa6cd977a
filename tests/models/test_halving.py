import pytest
import torch
from torch.nn import functional as F

from soundalike.models.halving import Halving


@pytest.mark.parametrize("shape", [(2, 3, 8, 6), (1, 8, 7, 5), (1, 2, 2, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_equals_torch_s_pooling_with_and_without_gradients(shape, layout, dtype):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    x = x.contiguous(memory_format=layout)
    expected = F.max_pool2d(x, 2)
    assert torch.equal(Halving()(x), expected)
    with torch.no_grad():
        result = Halving()(x)
    assert torch.equal(result, expected)
    assert result.is_contiguous(memory_format=layout), "the layout of the next convolution"


def test_a_value_that_is_not_a_number_stays_one():
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 1, 2] = torch.nan
    with torch.no_grad():
        assert Halving()(x).isnan().tolist() == [[[[False, True], [False, False]]]]


def test_a_map_that_is_too_small_is_refused():
    with torch.no_grad(), pytest.raises(RuntimeError, match="too small"):
        Halving()(torch.zeros(1, 1, 1, 4))
