"""The contract that every encoder of the table meets."""

from pkgutil import resolve_name

import pytest
import torch

from soundalike.models import ENCODERS
from soundalike.models.timm_model import TimmModel

# The backward direction has read one frame at the last frame, so its recurrence is unused.
UNUSED = {"CRNN": {"rnn1.weight_hh_l0_reverse"}}


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> torch.nn.Module:
    if request.param == "timm":
        pytest.importorskip("timm")
    torch.manual_seed(0)
    return resolve_name(ENCODERS[request.param])()


@pytest.fixture
def patches() -> torch.Tensor:
    return torch.randn(4, 1, 101, 96, generator=torch.Generator().manual_seed(1))


def test_h_has_dim_values_for_any_number_of_frames(encoder, patches) -> None:
    for n_frames in (encoder.min_frames, 37, 101):
        h = encoder(patches[:, :, :n_frames])
        assert h.shape == (4, encoder.dim)
        assert h.isfinite().all()


def test_refuses_a_patch_that_is_too_short(encoder, patches) -> None:
    n_frames = encoder.min_frames - 1
    with pytest.raises(ValueError, match=rf"at least {encoder.min_frames} .*got {n_frames}"):
        encoder(patches[:, :, :n_frames])


def test_h_does_not_depend_on_the_other_patches_of_a_batch(encoder, patches) -> None:
    encoder.eval()
    with torch.no_grad():
        together = encoder(patches)
        for i in range(4):
            torch.testing.assert_close(encoder(patches[i : i + 1])[0], together[i])


def test_gradients_reach_every_parameter(encoder, patches) -> None:
    if isinstance(encoder, TimmModel):
        pytest.skip("timm initializes residual branches to zero")
    (encoder(patches) ** 2).sum().backward()
    gradients = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    unreached = {name for name, gradient in gradients.items() if not gradient.any()}
    assert unreached == UNUSED.get(type(encoder).__name__, set())


def test_a_saved_state_gives_the_same_h(encoder, patches, tmp_path) -> None:
    encoder(patches)
    torch.save(encoder.state_dict(), tmp_path / "encoder.pt")
    other = type(encoder)()
    other.load_state_dict(torch.load(tmp_path / "encoder.pt", weights_only=True))
    with torch.no_grad():
        assert torch.equal(other.eval()(patches), encoder.eval()(patches))


def test_initial_weights_depend_on_the_seed(encoder) -> None:
    torch.manual_seed(0)
    again = type(encoder)().state_dict()
    other = type(encoder)().state_dict()
    state = encoder.state_dict()
    assert all(torch.equal(again[name], state[name]) for name in state)
    assert any(not torch.equal(other[name], state[name]) for name in state)


def test_works_in_channels_last_and_bfloat16(encoder, patches) -> None:
    patches = patches[:, :, :37]  # without instructions for bfloat16 it is slow
    encoder.eval()
    with torch.no_grad():
        expected = encoder(patches)
        encoder = encoder.to(memory_format=torch.channels_last)
        patches = patches.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(encoder(patches), expected, rtol=1e-4, atol=1e-5)
        with torch.autocast("cpu", torch.bfloat16):
            h = encoder(patches).float()
    assert torch.nn.functional.cosine_similarity(h, expected).min() > 0.99


def test_trains_in_bfloat16(encoder, patches) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        h = encoder(patches[:2, :, :37])
    h.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters())
