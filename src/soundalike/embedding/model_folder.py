"""A model on disk: its settings in ``config.json``, its weights in the file that this names.

The file of the weights is named by a hash of its content, so the weights of an earlier model stay
until ``config.json``, which is replaced in one step, names the new ones. Wherever a process is
killed, the folder holds the earlier model or the new one.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from soundalike import __version__
from soundalike.embedding.model_path import CONFIG, WEIGHTS, ModelError
from soundalike.runtime.atomic import atomic_write, write_json

FORMAT = 4

Model = TypeVar("Model")


def write_model(
    folder: Path, config: dict[str, Any], network: nn.Module, *, half: bool = False
) -> None:
    """Write a network and the settings that build it again.

    Args:
        folder: created if it does not exist.
        config: settings that build the network.
        network: whose weights are saved.
        half: If true, weight matrices and kernels are saved in half precision. Biases and batch
            norm statistics stay in float32: they are few, and may be tiny or large.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: t.contiguous() for name, t in network.state_dict().items()}
    if half:
        weights = {name: t.half() if t.ndim > 1 else t for name, t in weights.items()}
    content = save(weights)  # save_file makes files that only their owner can read
    weights_name = f"model-{hashlib.sha256(content).hexdigest()[:12]}{WEIGHTS}"
    with atomic_write(folder / weights_name) as path:
        path.write_bytes(content)
    head = {"format": FORMAT, "version": __version__, "weights": weights_name}
    write_json(folder / CONFIG, head | config)
    delete_earlier_weights(folder)


def delete_earlier_weights(folder: Path) -> None:
    """Delete weights that ``config.json`` does not name, also those that a kill left behind."""
    weights_name = json.loads((folder / CONFIG).read_text())["weights"]
    for path in folder.glob(f"model-{'[0-9a-f]' * 12}{WEIGHTS}"):
        if path.name != weights_name:
            path.unlink(missing_ok=True)


def read_model(folder: Path, build: Callable[[dict[str, Any]], tuple[Model, nn.Module]]) -> Model:
    """Build a model from its settings and load its weights.

    Args:
        folder: written by `write_model`.
        build: from the settings to the model and the network in it that has the weights.

    Raises:
        ModelError: there is no model, or its files do not match.
    """
    version = None
    try:
        config = json.loads((folder / CONFIG).read_text())
        version = config.pop("version", None)
        if (number := config.pop("format")) != FORMAT:
            raise ValueError(f"its format is {number}, and this version reads format {FORMAT}")
        weights = load_file(folder / Path(config.pop("weights")).name)
        model, network = build(config)
        network.load_state_dict(weights)
    except (
        OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError, ArithmeticError,
        SafetensorError,
    ) as error:  # fmt: skip
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        reason = reason.partition("\n")[0]
        if version not in (None, __version__):
            reason += f"; it is of soundalike {version}, and this is {__version__}"
        raise ModelError(f"{folder}: the model cannot be loaded ({reason}).") from None
    return model


def fingerprint(config: dict[str, Any], network: nn.Module) -> str:
    """Return a hash of the settings and the weights of a model."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().float().contiguous().numpy().data)
    return digest.hexdigest()
