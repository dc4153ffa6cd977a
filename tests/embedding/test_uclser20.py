"""Released encoders: their weights, their embeddings, and messages for files that do not match."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.streaming import read_log_mel
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.uclser20 import CLASSIFIERS, N_VALUES, load_uclser20, read_uclser20
from soundalike.models.encoder import build_encoder


def released(name: str) -> dict[str, torch.Tensor]:
    """A state dict in the released format, with a classifier that is not used."""
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


def test_names_from_data_parallel_training_are_accepted(tmp_path):
    state = {f"module.{key}": value for key, value in released("vgg").items()}
    torch.save(state, tmp_path / "released.pth")
    own = read_uclser20(tmp_path / "released.pth", "vgg").state_dict()
    assert torch.equal(own["dense1.weight"], state["module.dense1.weight"])


def test_a_classifier_may_be_missing(tmp_path):
    torch.save(build_encoder({"name": "crnn"}).state_dict(), tmp_path / "released.pth")
    assert read_uclser20(tmp_path / "released.pth", "crnn").dim == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("conv3.bn.running_mean"), "lacks conv3.bn.running_mean of vgg"),
        (lambda state: state.clear(), "lacks conv0.bn.bias and 37 more of vgg"),
        (lambda state: state.update(fc=torch.zeros(1)), "has fc, which vgg does not have"),
        (
            lambda state: state.update({"dense1.bias": torch.zeros(9)}),
            "dense1.bias does not have the sh",
        ),
        (lambda state: state.update({"dense1.bias": 0.5}), "no state dict, a dictionary of te"),
    ],
)
def test_a_weight_that_does_not_fit_is_named(change, message, tmp_path):
    state = released("vgg")
    change(state)
    torch.save(state, tmp_path / "released.pth")
    with pytest.raises(ValueError, match=message):
        read_uclser20(tmp_path / "released.pth", "vgg")


def test_a_state_dict_of_another_network_is_refused(tmp_path):
    torch.save(released("crnn"), tmp_path / "released.pth")
    with pytest.raises(ValueError, match=r"lacks bn1.bias and \d+ more of resnet18"):
        read_uclser20(tmp_path / "released.pth", "resnet18")


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no released 'resnet50', only resnet18, vgg, crnn"):
        read_uclser20(tmp_path / "released.pth", "resnet50")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_uclser20(tmp_path / "released.pth", "vgg")


class Code:
    """Runs code when it is unpickled without restrictions."""

    has_run = False

    def __reduce__(self):
        return setattr, (Code, "has_run", True)


def test_a_pickle_with_code_is_refused_and_not_executed(tmp_path):
    torch.save({"conv0.conv.weight": Code()}, tmp_path / "released.pth")
    with pytest.raises(ValueError, match="no state dict"):
        read_uclser20(tmp_path / "released.pth", "vgg")
    assert not Code.has_run


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
def test_files_without_a_state_dict_are_refused(content, tmp_path):
    (tmp_path / "released.pth").write_bytes(content)
    with pytest.raises(ValueError, match="no state dict"):
        read_uclser20(tmp_path / "released.pth", "vgg")


def test_the_faulty_standard_deviation_is_about_36_600_times_too_small():
    assert round(N_VALUES**0.5, -2) == 36_600


# The networks of the released encoders, written again from their publication.


def norm(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    keys = ("running_mean", "running_var", "weight", "bias")
    return F.batch_norm(x, *(state[f"{name}.{key}"] for key in keys))


def released_resnet18(state: dict[str, Tensor], x: Tensor) -> Tensor:
    x = F.relu(norm(F.conv2d(x, state["conv1.weight"], stride=2, padding=3), state, "bn1"))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
            y = F.conv2d(
                F.relu(norm(y, state, f"{name}.bn1")), state[f"{name}.conv2.weight"], padding=1
            )
            if stride == 2:
                x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=2)
                x = norm(x, state, f"{name}.downsample.1")
            x = F.relu(norm(y, state, f"{name}.bn2") + x)
    return x.flatten(2).mean(2)


def released_vgg(state: dict[str, Tensor], x: Tensor) -> Tensor:
    for i in range(6):
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=1)
        x = F.relu(norm(x, state, f"conv{i}.bn"))
        if i in (2, 4, 5):
            x = F.max_pool2d(x, 2)
    pooled = torch.cat([x.flatten(2).max(2).values, x.flatten(2).mean(2)], 1)
    return F.relu(F.linear(pooled, state["dense1.weight"], state["dense1.bias"]))


def released_crnn(state: dict[str, Tensor], x: Tensor) -> Tensor:
    for i, pool in ((1, (2, 5)), (2, (2, 4)), (3, (2, 2))):
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=2)
        x = F.max_pool2d(F.relu(norm(x, state, f"conv{i}.bn")), pool)
    # [batch, channels, frames, 2 bands] -> for each frame all channels of the first band, then ...
    sequence = torch.cat([x[..., 0], x[..., 1]], dim=1).transpose(1, 2)

    def gru(sequence: Tensor, suffix: str) -> Tensor:
        weight_ih, weight_hh, bias_ih, bias_hh = (
            state[f"rnn1.{key}_l0{suffix}"]
            for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h = torch.zeros(len(sequence), 64)
        for values in sequence.unbind(1):
            reset, update, new = F.linear(values, weight_ih, bias_ih).chunk(3, 1)
            reset_h, update_h, new_h = F.linear(h, weight_hh, bias_hh).chunk(3, 1)
            reset, update = torch.sigmoid(reset + reset_h), torch.sigmoid(update + update_h)
            h = (1 - update) * torch.tanh(new + reset * new_h) + update * h
        return h

    return gru(sequence, "") * gru(sequence[:, -1:], "_reverse")  # backwards, one frame is read


RELEASED = {
    "resnet18": (released_resnet18, "fc", (20, 512)),
    "vgg": (released_vgg, "dense_out", (20, 512)),
    "crnn": (released_crnn, "dense", (20, 64)),
}
MEAN, STD = -2.5, 1.7


def released_state(name: str) -> dict[str, Tensor]:
    """Random weights and statistics under the released names, with the classifier on top."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, value in build_encoder({"name": name}).state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(61_000)
        elif value.ndim > 1:
            scale = (2 / value[0].numel()) ** 0.5
            state[key] = scale * torch.randn(value.shape, generator=generator)
        else:
            state[key] = 0.5 + torch.rand(value.shape, generator=generator)
    first_variance = next(key for key in state if key.endswith("running_var"))
    state[first_variance] *= N_VALUES / STD**2  # of inputs that are that much too large
    _, last, shape = RELEASED[name]
    return state | {f"{last}.weight": torch.randn(shape), f"{last}.bias": torch.randn(shape[0])}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("name", RELEASED)
def test_a_released_encoder_gives_the_h_of_the_original_code(name, prefix, sound_folder, tmp_path):
    state = released_state(name)
    torch.save({prefix + key: value for key, value in state.items()}, tmp_path / "best.pth")
    model = load_uclser20(tmp_path / "best.pth", name, MEAN, STD)
    path = sound_folder / "middle" / "3.wav"
    log_mel = torch.from_numpy(read_log_mel(path, model.front_end))
    starts = range(0, len(log_mel) - 100, 50)
    patches = torch.stack([log_mel[start : start + 101] for start in starts])
    inputs = (patches - MEAN) / (STD / N_VALUES**0.5)
    expected = RELEASED[name][0](state, inputs[:, None]).mean(0)
    assert expected.abs().max() > 0.01
    h = model.encode(path)
    assert np.allclose(h, expected.numpy(), rtol=1e-3, atol=1e-4 * expected.abs().max().item())

    model.save(tmp_path / "model")
    assert np.array_equal(SoundEncoder.from_pretrained(tmp_path / "model").encode(path), h)


def test_the_statistics_can_be_set(tmp_path):
    torch.save(released_state("vgg"), tmp_path / "best.pth")
    model = load_uclser20(tmp_path / "best.pth", "vgg", MEAN, STD, n_values=100)
    assert model.standardization == Standardization(MEAN, STD / 10)
    assert (model.patch_frames, model.front_end) == (101, LogMel())


def test_an_unusable_file_is_named(tmp_path):
    path = tmp_path / "best.pth"
    for content, name, message in (
        (None, "vgg", "No such file"),
        (b"", "vgg", "no state dict"),
        ({}, "vgg", "lacks conv0.bn.bias"),
        (released_state("vgg"), "crnn", r"lacks rnn1.bias_hh_l0 and \d more of crnn"),
        (released_state("vgg"), "bat", "no released 'bat'"),
    ):
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(content, path)
        with pytest.raises(ModelError, match=message) as caught:
            load_uclser20(path, name, MEAN, STD)
        assert str(caught.value).startswith(f"{path}: the model cannot be loaded (")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("std", "n_values"), [(0.0, 9), (-1.0, 9), (float("nan"), 9), (1.0, 0)])
def test_invalid_statistics_are_refused(std, n_values, tmp_path):
    with pytest.raises(ValueError, match="std above 0 and n_values of at least 1"):
        load_uclser20(tmp_path / "best.pth", "vgg", MEAN, std, n_values)
