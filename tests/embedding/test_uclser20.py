"""Released state dicts: read by the rules, and refused in one plain line."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.embedding.uclser20 import CLASSIFIERS, N_VALUES, read_uclser20
from soundalike.models.encoder import build_encoder


def released(name: str) -> dict[str, torch.Tensor]:
    """A state dict as they are released: with a classifier that nobody needs."""
    torch.manual_seed(0)
    encoder = build_encoder({"name": name})
    classifier = torch.nn.Linear(encoder.dim, 20)
    last = {f"{CLASSIFIERS[name]}.{key}": value for key, value in classifier.state_dict().items()}
    return encoder.state_dict() | last


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_network_gets_its_weights(name, tmp_path):
    state = released(name)
    torch.save(state, tmp_path / "released.pth")
    encoder = read_uclser20(tmp_path / "released.pth", name)
    own = encoder.state_dict()
    assert len(own) == len(state) - 2
    assert all(torch.equal(own[key], state[key]) for key in own)


def test_names_of_a_network_that_was_trained_on_several_devices(tmp_path):
    state = {f"module.{key}": value for key, value in released("vgg").items()}
    torch.save(state, tmp_path / "released.pth")
    own = read_uclser20(tmp_path / "released.pth", "vgg").state_dict()
    assert torch.equal(own["dense1.weight"], state["module.dense1.weight"])


def test_a_classifier_may_be_missing(tmp_path):
    torch.save(build_encoder({"name": "crnn"}).state_dict(), tmp_path / "released.pth")
    assert read_uclser20(tmp_path / "released.pth", "crnn").dim == 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("conv3.bn.running_mean"), "lacks conv3.bn.running_mean of vgg"),
        (lambda state: state.clear(), "lacks conv0.bn.bias and 37 more of vgg"),
        (lambda state: state.update(fc=torch.zeros(1)), "has fc, which vgg has not"),
        (lambda state: state.update({"dense1.bias": torch.zeros(9)}), "dense1.bias has not the sh"),
        (lambda state: state.update({"dense1.bias": 0.5}), "no state dict, which is names and te"),
    ],
)
def test_what_does_not_fit_is_named(change, said, tmp_path):
    state = released("vgg")
    change(state)
    torch.save(state, tmp_path / "released.pth")
    with pytest.raises(ValueError, match=said):
        read_uclser20(tmp_path / "released.pth", "vgg")


def test_a_state_dict_of_another_network(tmp_path):
    torch.save(released("crnn"), tmp_path / "released.pth")
    with pytest.raises(ValueError, match=r"lacks bn1.bias and \d+ more of resnet18"):
        read_uclser20(tmp_path / "released.pth", "resnet18")


def test_a_name_that_was_never_released(tmp_path):
    with pytest.raises(ValueError, match="no released 'resnet50', only resnet18, vgg, crnn"):
        read_uclser20(tmp_path / "released.pth", "resnet50")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_uclser20(tmp_path / "released.pth", "vgg")


class Code:
    """Runs when it is unpickled by somebody who trusts it."""

    has_run = False

    def __reduce__(self):
        return setattr, (Code, "has_run", True)


def test_a_pickle_that_holds_code_is_refused_and_not_run(tmp_path):
    torch.save({"conv0.conv.weight": Code()}, tmp_path / "released.pth")
    with pytest.raises(ValueError, match="no state dict"):
        read_uclser20(tmp_path / "released.pth", "vgg")
    assert not Code.has_run


@settings(max_examples=50, deadline=None)
@given(damage=st.tuples(st.integers(0, 10**6), st.binary(max_size=40)))
def test_a_damaged_file_is_refused_or_harmless(damage, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "damaged.pth"
    torch.save({"a": torch.arange(9.0)}, path)
    content = path.read_bytes()
    start, put_in = damage[0] % len(content), damage[1]
    path.write_bytes(content[:start] + put_in + content[start + 2 * len(put_in) :])
    with pytest.raises(ValueError, match=r"no state dict|lacks"):
        read_uclser20(path, "vgg")


@pytest.mark.parametrize("content", [b"", b"\x80", b"PK\x03\x04", b"no pickle at all"])
def test_files_that_are_no_state_dict(content, tmp_path):
    (tmp_path / "released.pth").write_bytes(content)
    with pytest.raises(ValueError, match="no state dict"):
        read_uclser20(tmp_path / "released.pth", "vgg")


def test_the_faulty_standard_deviation_is_about_36_600_times_too_small():
    assert round(N_VALUES**0.5, -2) == 36_600
