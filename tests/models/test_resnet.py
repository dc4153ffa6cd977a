import pytest
import torch
import torch.nn.functional as F

from soundalike.models.resnet import ResNet18


def plain_forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    def conv(x, name, stride=1):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)

    def norm(x, name):
        mean, var, weight, bias = (
            state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, var, weight, bias)

    x = F.relu(norm(conv(x, "conv1", 2), "bn1"))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(conv(x, f"{name}.conv1", stride), f"{name}.bn1"))
            y = norm(conv(y, f"{name}.conv2"), f"{name}.bn2")
            if stride == 2:
                x = norm(conv(x, f"{name}.downsample.0", 2), f"{name}.downsample.1")
            x = F.relu(y + x)
    return x.mean((2, 3))


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(ResNet18(width=16))
    patches = torch.randn(3, 1, 101, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_has_the_parameters_of_a_one_channel_resnet18_without_its_classifier() -> None:
    n_with_three_channels_and_1000_classes = 11_689_512  # as published
    expected = n_with_three_channels_and_1000_classes - 2 * 64 * 7 * 7 - (512 + 1) * 1000
    assert sum(p.numel() for p in ResNet18().parameters()) == expected


def test_shapes_of_every_stage(output_shapes) -> None:
    encoder = ResNet18()
    shapes = output_shapes(encoder, dict(encoder.named_children()))
    assert shapes["conv1"] == (64, 51, 48)
    assert shapes["maxpool"] == (64, 26, 24)
    assert shapes["layer1"] == (64, 26, 24)
    assert shapes["layer2"] == (128, 13, 12)
    assert shapes["layer3"] == (256, 7, 6)
    assert shapes["layer4"] == (512, 4, 3)


def test_width_scales_h() -> None:
    encoder = ResNet18(width=8)
    assert encoder.dim == 64
    assert encoder(torch.zeros(2, 1, 101, 96)).shape == (2, 64)


def test_convolutions_start_with_the_variance_of_their_fan_out() -> None:
    torch.manual_seed(0)
    weight = ResNet18().layer4[1].conv2.weight
    assert weight.std().item() == pytest.approx((2 / (512 * 3 * 3)) ** 0.5, rel=0.01)


def test_a_classifier_in_a_state_dict_is_ignored() -> None:
    state = ResNet18(width=8).state_dict() | {"fc.weight": torch.zeros(20, 64)}
    result = ResNet18(width=8).load_state_dict(state, strict=False)
    assert result.missing_keys == []
    assert result.unexpected_keys == ["fc.weight"]


def test_refuses_a_width_of_zero() -> None:
    with pytest.raises(ValueError, match="at least 1 channel, got 0"):
        ResNet18(width=0)
