import pytest
import torch
import torch.nn.functional as F

from soundalike.models.frequency_resnet import FrequencyResNet


def test_shapes_of_every_stage(output_shapes) -> None:
    encoder = FrequencyResNet()
    shapes = output_shapes(encoder, dict(encoder.named_children()))
    assert shapes == {
        "conv1": (32, 51, 48),
        "bn1": (32, 51, 48),
        "layer1": (32, 51, 48),
        "layer2": (64, 26, 24),
        "layer3": (128, 13, 12),
        "mlp": (13, 1024),
    }


def test_the_receptive_field_is_narrow() -> None:
    """After the first stride each 3x3 convolution adds 1, 2 or 4 frames to either side."""
    torch.manual_seed(0)
    encoder = FrequencyResNet(width=4, dim=8).eval()
    patches = torch.randn(1, 1, 161, 96)
    changed = patches.clone()
    changed[:, :, 80] += 5
    maps = []
    encoder.layer3.register_forward_hook(lambda _, __, out: maps.append(out))
    with torch.no_grad():
        encoder(patches)
        encoder(changed)
    affected = (maps[0] != maps[1]).any(dim=(0, 1, 3)).nonzero().flatten()
    assert affected.min() >= 10 - 5
    assert affected.max() <= 10 + 5


def test_h_depends_on_the_frequency_of_a_sound() -> None:
    torch.manual_seed(0)
    encoder = FrequencyResNet().eval()
    low, high = torch.zeros(2, 1, 1, 101, 96)
    low[..., 16:24], high[..., 72:80] = 3, 3
    with torch.no_grad():
        assert F.cosine_similarity(encoder(low), encoder(high)).item() < 0.9


@pytest.mark.parametrize("n_bands", [40, 64, 90])
def test_number_of_bands(n_bands: int) -> None:
    encoder = FrequencyResNet(width=4, dim=32, n_bands=n_bands)
    assert encoder(torch.zeros(2, 1, 50, n_bands)).shape == (2, 32)


def test_refuses_impossible_sizes() -> None:
    with pytest.raises(ValueError, match="n_bands >= 1, got 0 and 96"):
        FrequencyResNet(width=0)
    with pytest.raises(ValueError, match="n_bands >= 1, got 32 and 0"):
        FrequencyResNet(n_bands=0)
