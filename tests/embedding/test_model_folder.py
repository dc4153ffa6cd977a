"""Models on disk, and messages for damaged ones."""

import pytest
import torch
from torch import nn

from soundalike.embedding.model_folder import read_model, write_model
from soundalike.embedding.model_path import CONFIG, WEIGHTS, ModelError


def build(config):
    network = nn.Linear(config["n_in"], 2)
    return {"of": config, "network": network}, network


def test_a_written_model_is_read_back(tmp_path):
    network = nn.Linear(3, 2)
    network.weight.data = network.weight.data.t().contiguous().t()  # no order that can be saved
    write_model(tmp_path / "new" / "folder", {"n_in": 3}, network)
    model = read_model(tmp_path / "new" / "folder", build)
    assert model["of"] == {"n_in": 3}
    assert torch.equal(model["network"].weight, network.weight)
    assert torch.equal(model["network"].bias, network.bias)


def test_an_earlier_model_is_replaced(tmp_path):
    write_model(tmp_path, {"n_in": 3}, nn.Linear(3, 2))
    network = nn.Linear(4, 2)
    write_model(tmp_path, {"n_in": 4}, network)
    assert torch.equal(read_model(tmp_path, build)["network"].weight, network.weight)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"\xff\xfe"),
        ("config.json", b"[]"),
        ("config.json", b"{}"),
        ("config.json", b'{"format": 2, "n_in": 3}'),
        ("config.json", b'{"format": 3, "n_in": "three"}'),
        ("config.json", b'{"format": 3, "n_in": 7}'),  # the weights are of another size
        ("model.safetensors", b""),
        ("model.safetensors", b"not tensors"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, name, content):
    write_model(tmp_path, {"n_in": 3}, nn.Linear(3, 2))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        read_model(tmp_path, build)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_refused_in_one_line(tmp_path, name):
    write_model(tmp_path, {"n_in": 3}, nn.Linear(3, 2))
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match=name):
        read_model(tmp_path, build)


def test_a_full_disk_leaves_the_earlier_model(tmp_path):
    """The system refuses files beyond a size, as a full disk would."""
    resource = pytest.importorskip("resource")  # Windows has none
    network = nn.Linear(3, 2)
    write_model(tmp_path, {"n_in": 3}, network)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError, match=WEIGHTS):
            write_model(tmp_path, {"n_in": 300}, nn.Linear(300, 200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert torch.equal(read_model(tmp_path, build)["network"].weight, network.weight)
    assert {path.name for path in tmp_path.iterdir()} == {CONFIG, WEIGHTS}
