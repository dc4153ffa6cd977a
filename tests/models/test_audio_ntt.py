import pytest
import torch
import torch.nn.functional as F

from soundalike.models.audio_ntt import AudioNTT


def plain_forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for i in (1, 2, 3):
        mean, var, weight, bias = (
            state[f"conv{i}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.max_pool2d(F.conv2d(x, state[f"conv{i}.conv.weight"], padding=1), 2)
        x = F.relu(F.batch_norm(x, mean, var, weight, bias))
    embedded = []
    for frame in range(x.shape[2]):
        values = x[:, :, frame].flatten(1)
        for layer in ("hidden", "out"):
            weight, bias = state[f"mlp.{layer}.weight"], state[f"mlp.{layer}.bias"]
            values = F.relu(F.linear(values, weight, bias))
        embedded.append(values)
    frames = torch.stack(embedded)
    return torch.cat([frames.mean(0), frames.max(0).values], dim=1)


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(AudioNTT())
    patches = torch.randn(3, 1, 101, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_shapes_of_every_stage(output_shapes) -> None:
    encoder = AudioNTT()
    shapes = output_shapes(encoder, dict(encoder.named_children()))
    assert shapes == {
        "conv1": (64, 50, 48), "conv2": (64, 25, 24), "conv3": (64, 12, 12), "mlp": (12, 1024),
    }  # fmt: skip


def test_h_depends_on_the_frequency_of_a_sound() -> None:
    """With global pooling over frequency h would be almost the same."""
    torch.manual_seed(0)
    encoder = AudioNTT().eval()
    low, high = torch.zeros(2, 1, 1, 101, 96)
    low[..., 16:24], high[..., 72:80] = 3, 3
    with torch.no_grad():
        assert F.cosine_similarity(encoder(low), encoder(high)).item() < 0.9


def test_number_of_bands() -> None:
    encoder = AudioNTT(width=4, dim=32, n_bands=64)
    assert encoder(torch.zeros(2, 1, 50, 64)).shape == (2, 32)
    with pytest.raises(ValueError, match="48 values per frame, not 32"):
        encoder(torch.zeros(2, 1, 50, 96))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "got 0 and 96"),
        ({"n_bands": 7}, "got 64 and 7"),
        ({"dim": 3}, "even and at least 2, got 3"),
        ({"dim": 0}, "even and at least 2, got 0"),
    ],
)
def test_refuses_impossible_sizes(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AudioNTT(**settings)
