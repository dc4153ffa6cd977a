"""Models on disk, and messages for damaged ones."""

import contextlib
import json
import os

import pytest
import torch
from torch import nn

from soundalike.embedding.model_folder import read_model, write_model
from soundalike.embedding.model_path import CONFIG, ModelError


def build(config):
    network = nn.Linear(config["n_in"], 2)
    return {"of": config, "network": network}, network


def weights_of(folder):
    """The file of the weights."""
    (file,) = folder.glob("model-*.safetensors")
    return file


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
        ("config.json", b'{"format": 3, "weights": "w.safetensors", "n_in": 3}'),
        ("config.json", b'{"format": 4, "n_in": 3}'),
        ("config.json", b'{"format": 4, "weights": "w.safetensors", "n_in": "three"}'),
        ("config.json", b'{"format": 4, "weights": "w.safetensors", "n_in": 7}'),
        ("w.safetensors", b""),
        ("w.safetensors", b"not tensors"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, name, content):
    write_model(tmp_path, {"n_in": 3}, nn.Linear(3, 2))
    weights_of(tmp_path).rename(tmp_path / "w.safetensors")
    config = json.loads((tmp_path / CONFIG).read_text()) | {"weights": "w.safetensors"}
    (tmp_path / CONFIG).write_text(json.dumps(config))
    assert read_model(tmp_path, build)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        read_model(tmp_path, build)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [CONFIG, "model-*.safetensors"])
def test_a_missing_file_is_refused_in_one_line(tmp_path, name):
    write_model(tmp_path, {"n_in": 3}, nn.Linear(3, 2))
    (file,) = tmp_path.glob(name)
    file.unlink()
    with pytest.raises(ModelError, match=file.name):
        read_model(tmp_path, build)


def test_killed_before_a_rename_the_folder_holds_the_earlier_or_the_new_model(
    tmp_path, monkeypatch
):
    """A model of another size, so weights of one would not fit the settings of the other."""
    rename = os.replace
    networks = [nn.Linear(n_in, 2) for n_in in (3, 4)]
    for moment in range(3):
        write_model(tmp_path, {"n_in": 3}, networks[0])
        renames = iter(range(3))

        def replace(source, target, moment=moment, renames=renames):
            if next(renames) == moment:
                raise SystemExit
            rename(source, target)

        monkeypatch.setattr(os, "replace", replace)
        with contextlib.suppress(SystemExit):
            write_model(tmp_path, {"n_in": 4}, networks[1])
        monkeypatch.setattr(os, "replace", rename)
        weight = read_model(tmp_path, build)["network"].weight
        assert torch.equal(weight, networks[moment == 2].weight)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_leaves_the_earlier_model(tmp_path):
    """The system refuses files beyond a size, as a full disk would."""
    resource = pytest.importorskip("resource")  # Windows has none
    network = nn.Linear(3, 2)
    write_model(tmp_path, {"n_in": 3}, network)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"model-.*\.safetensors"):
            write_model(tmp_path, {"n_in": 300}, nn.Linear(300, 200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert torch.equal(read_model(tmp_path, build)["network"].weight, network.weight)
    assert {path.name for path in tmp_path.iterdir()} == {CONFIG, weights_of(tmp_path).name}
