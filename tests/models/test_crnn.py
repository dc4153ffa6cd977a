import pytest
import torch
import torch.nn.functional as F

from soundalike.models.crnn import CRNN


def plain_gru(state: dict[str, torch.Tensor], x: torch.Tensor, suffix: str) -> torch.Tensor:
    """Run one direction over x [frames, values] and return its outputs [frames, 64]."""
    weight_ih, weight_hh, bias_ih, bias_hh = (
        state[f"rnn1.{key}_l0{suffix}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    h = torch.zeros(64)
    outputs = []
    for values in x:
        reset_x, update_x, new_x = (weight_ih @ values + bias_ih).chunk(3)
        reset_h, update_h, new_h = (weight_hh @ h + bias_hh).chunk(3)
        reset = torch.sigmoid(reset_x + reset_h)
        update = torch.sigmoid(update_x + update_h)
        new = torch.tanh(new_x + reset * new_h)
        h = (1 - update) * new + update * h
        outputs.append(h)
    return torch.stack(outputs)


def plain_forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for i, pool in ((1, (2, 5)), (2, (2, 4)), (3, (2, 2))):
        mean, var, weight, bias = (
            state[f"conv{i}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=2)
        x = F.max_pool2d(F.relu(F.batch_norm(x, mean, var, weight, bias)), pool)
    h = []
    for maps in x:  # [channels, frames, bands]
        _, n_frames, n_bands = maps.shape
        sequence = torch.stack(
            [torch.cat([maps[:, t, band] for band in range(n_bands)]) for t in range(n_frames)]
        )
        forwards = plain_gru(state, sequence, "")
        backwards = plain_gru(state, sequence.flip(0), "_reverse").flip(0)
        h.append(forwards[-1] * backwards[-1])
    return torch.stack(h)


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(CRNN())
    patches = torch.randn(3, 1, 101, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_has_950_thousand_parameters() -> None:
    assert sum(p.numel() for p in CRNN().parameters()) == 946_816


def test_shapes_of_every_stage(output_shapes) -> None:
    encoder, sequence = CRNN(), {}
    encoder.rnn1.register_forward_hook(
        lambda _, inputs, out: sequence.update(
            sequence=tuple(inputs[0].shape[1:]), rnn1=tuple(out[0].shape[1:])
        )
    )
    shapes = output_shapes(encoder, ("conv1", "conv2", "conv3"))
    assert shapes | sequence == {
        "conv1": (128, 50, 19),
        "conv2": (128, 25, 4),
        "conv3": (128, 12, 2),
        "sequence": (12, 256),
        "rnn1": (12, 128),
    }


@pytest.mark.parametrize("n_bands", [79, 120])
def test_refuses_bands_that_do_not_pool_to_two(n_bands: int) -> None:
    with pytest.raises(ValueError, match=f"80 to 119 bands, got {n_bands}"):
        CRNN()(torch.zeros(1, 1, 101, n_bands))


@pytest.mark.parametrize("n_bands", [80, 119])
def test_accepts_every_number_of_bands_that_pools_to_two(n_bands: int) -> None:
    assert CRNN()(torch.zeros(2, 1, 101, n_bands)).shape == (2, 64)


def test_width_scales_every_layer_and_h() -> None:
    encoder = CRNN(width=8)
    assert [getattr(encoder, f"conv{i}").conv.out_channels for i in (1, 2, 3)] == [8, 8, 8]
    assert (encoder.rnn1.input_size, encoder.rnn1.hidden_size) == (16, 4)
    assert encoder.dim == 4
    assert encoder(torch.zeros(2, 1, 101, 96)).shape == (2, 4)


def test_refuses_a_width_that_is_too_small_for_h() -> None:
    with pytest.raises(ValueError, match="at least 2 channels, got 1"):
        CRNN(width=1)
