import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.models.fsdnoisy18k_baseline import FSDnoisy18kBaseline


def plain_forward(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The layers as published, for maps of 6 x 24."""

    def norm(x: Tensor, name: str) -> Tensor:
        keys = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(state[f"{name}.{key}"] for key in keys))

    for i in (1, 2, 3):
        x = F.relu(norm(x, f"conv{i}.bn_in"))
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=2)
        x = F.relu(norm(x, f"conv{i}.bn_out"))
        if i < 3:
            x = F.max_pool2d(x, (4, 2))
    if x.shape[2] == 12:  # twice as many frames as published
        x = (x[:, :, 0::2] + x[:, :, 1::2]) / 2
    rows = x.reshape(len(x), 48 * 6 * 24)
    return F.relu(F.linear(rows, state["dense.weight"], state["dense.bias"]))


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(FSDnoisy18kBaseline())
    patches = torch.randn(3, 1, 100, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_maps_with_twice_the_frames_are_averaged_in_pairs(trained_norms) -> None:
    encoder = trained_norms(FSDnoisy18kBaseline())
    patches = torch.randn(3, 1, 201, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_has_530_thousand_weights_with_a_layer_of_20_classes() -> None:
    n_parameters = sum(p.numel() for p in FSDnoisy18kBaseline().parameters())
    assert n_parameters + (64 + 1) * 20 == 531_118


def test_shapes_of_every_stage(output_shapes) -> None:
    shapes = output_shapes(
        FSDnoisy18kBaseline(), ("conv1", "conv2", "conv3", "resize"), n_frames=100
    )
    assert shapes == {
        "conv1": (24, 100, 96),
        "conv2": (48, 25, 48),
        "conv3": (48, 6, 24),
        "resize": (48, 6, 24),
    }


def test_drops_half_of_h_in_training_only(trained_norms) -> None:
    encoder = trained_norms(FSDnoisy18kBaseline())
    patches = torch.randn(64, 1, 100, 96)
    with torch.no_grad():
        assert torch.equal(encoder(patches), encoder(patches))
        active = (encoder(patches) > 0).float().mean()
        encoder.train()
        active_in_training = (encoder(patches) > 0).float().mean()
    assert 0.35 * active < active_in_training < 0.65 * active


def test_weights_start_with_the_variance_of_their_fan_in() -> None:
    torch.manual_seed(0)
    encoder = FSDnoisy18kBaseline()
    for weight, fan_in in ((encoder.conv3.conv.weight, 48 * 25), (encoder.dense.weight, 6912)):
        torch.testing.assert_close(
            weight.std(), torch.tensor((2 / fan_in) ** 0.5), rtol=0.02, atol=0
        )
