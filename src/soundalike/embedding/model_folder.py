"""A model on disk: its settings in ``config.json``, its weights in ``model.safetensors``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from soundalike.runtime.atomic import atomic_write

CONFIG, WEIGHTS = "config.json", "model.safetensors"

Model = TypeVar("Model")


class ModelError(Exception):
    """A model that cannot be loaded: one plain line that says what to do."""


def write_model(
    folder: Path, config: dict[str, Any], network: nn.Module, *, half: bool = False
) -> None:
    """Write a network and what builds it again; the folder is made.

    Args:
        folder: where to.
        config: what builds the network again.
        network: whose weights are kept.
        half: whether what is multiplied with is kept in half precision. Biases and the statistics
            of batch normalization, which are few and may be tiny or large, stay as they are.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: t.contiguous() for name, t in network.state_dict().items()}
    if half:
        weights = {name: t.half() if t.ndim > 1 else t for name, t in weights.items()}
    with atomic_write(folder / WEIGHTS) as beside:
        # Not by save_file, whose files nobody but their owner may read.
        beside.write_bytes(save(weights))
    with atomic_write(folder / CONFIG) as beside:
        beside.write_text(json.dumps(config, indent=1) + "\n")


def read_model(folder: Path, build: Callable[[dict[str, Any]], tuple[Model, nn.Module]]) -> Model:
    """Build a model from its settings and load its weights.

    Args:
        folder: what `write_model` wrote.
        build: from the settings to the model and that network of it that has the weights.

    Raises:
        ModelError: there is no model, or its files do not fit together.
    """
    try:
        model, network = build(json.loads((folder / CONFIG).read_text()))
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{folder}: the model cannot be loaded ({reason}).") from None
    return model
