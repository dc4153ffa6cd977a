import pytest
import torch
import torch.nn.functional as F

from soundalike.models.vgg import VGG


def plain_forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for i in range(6):
        mean, var, weight, bias = (
            state[f"conv{i}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=1)
        x = F.relu(F.batch_norm(x, mean, var, weight, bias))
        if i in (2, 4, 5):
            x = F.max_pool2d(x, 2)
    x = torch.cat([x.flatten(2).max(2).values, x.flatten(2).mean(2)], 1)
    return F.relu(F.linear(x, state["dense1.weight"], state["dense1.bias"]))


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(VGG())
    patches = torch.randn(3, 1, 101, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_has_290_thousand_parameters_with_a_layer_of_20_classes() -> None:
    n_parameters = sum(p.numel() for p in VGG().parameters())
    assert n_parameters + (512 + 1) * 20 == 290_292


def test_shapes_of_every_stage(output_shapes) -> None:
    encoder = VGG()
    shapes = output_shapes(encoder, dict(encoder.named_children()))
    assert shapes == {
        "conv0": (32, 101, 96),
        "conv1": (32, 101, 96),
        "conv2": (32, 50, 48),
        "conv3": (64, 50, 48),
        "conv4": (64, 25, 24),
        "conv5": (128, 12, 12),
        "dense1": (512,),
    }


def test_global_pooling_concatenates_maximum_and_average() -> None:
    torch.manual_seed(0)
    encoder = VGG().eval()
    captured = {}
    encoder.conv5.register_forward_hook(lambda _, __, out: captured.update(maps=out))
    encoder.dense1.register_forward_hook(lambda _, inputs, __: captured.update(pooled=inputs[0]))
    encoder(torch.randn(2, 1, 101, 96))
    torch.testing.assert_close(captured["pooled"][:, :128], captured["maps"].amax((2, 3)))
    torch.testing.assert_close(captured["pooled"][:, 128:], captured["maps"].mean((2, 3)))


def test_width_scales_every_layer_and_h() -> None:
    encoder = VGG(width=4)
    convolutions = [getattr(encoder, f"conv{i}").conv.out_channels for i in range(6)]
    assert convolutions == [4, 4, 4, 8, 8, 16]
    assert encoder.dim == 64
    assert encoder(torch.zeros(2, 1, 101, 96)).shape == (2, 64)


def test_refuses_a_width_of_zero() -> None:
    with pytest.raises(ValueError, match="at least 1 channel, got 0"):
        VGG(width=0)
