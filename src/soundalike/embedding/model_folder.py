"""A model on disk: its settings in ``config.json``, its weights in ``model.safetensors``."""

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

FORMAT = 3

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
    with atomic_write(folder / WEIGHTS) as path:
        path.write_bytes(save(weights))  # save_file makes files that only their owner can read
    write_json(folder / CONFIG, {"format": FORMAT, "version": __version__} | config)


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
        model, network = build(config)
        network.load_state_dict(load_file(folder / WEIGHTS))
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
