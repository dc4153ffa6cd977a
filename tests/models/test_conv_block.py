import pytest
import torch

from soundalike.models.conv_block import ConvBlock


@pytest.mark.parametrize(("frames", "bands"), [(2, 2), (5, 8), (101, 96)])
def test_halves_frames_and_bands(frames: int, bands: int) -> None:
    block = ConvBlock(3, 5)
    assert block(torch.zeros(2, 3, frames, bands)).shape == (2, 5, frames // 2, bands // 2)


def test_pooling_before_normalizing_gives_what_the_usual_order_gives() -> None:
    """The maximum commutes with both where the scale is positive, as it is at the start."""
    torch.manual_seed(0)
    block = ConvBlock(2, 4).eval()
    block.bn.running_mean.normal_()
    block.bn.running_var.uniform_(0.5, 2)
    x = torch.randn(3, 2, 8, 6)
    usual = block.pool(block.bn(block.conv(x)).relu())
    torch.testing.assert_close(block(x), usual)
