"""The encoders that Fonseca et al. 2021 released, at github.com/edufonseca/uclser20."""

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from soundalike.models.encoder import Encoder, build_encoder

# The last layer of each network, a classifier that pre-training never trained: not part of it here.
CLASSIFIERS = {"resnet18": "fc", "vgg": "dense_out", "crnn": "dense"}

N_VALUES = 1_340_000_000
"""Log-mel values of FSDnoisy18k's noisy training clips, about: 38.8 h, 100 frames/s, 96 bands."""


def read_uclser20(path: str | Path, name: str) -> Encoder:
    """Read a released state dict into the encoder that it belongs to.

    Args:
        path: file that ``torch.save`` wrote; read as weights, without running what a pickle holds.
        name: "resnet18", "vgg" or "crnn".

    Raises:
        OSError: the file cannot be opened.
        ValueError: it holds no state dict, or not one of this network.
    """
    if name not in CLASSIFIERS:
        raise ValueError(f"there is no released '{name}', only {', '.join(CLASSIFIERS)}")
    classifier = {f"{CLASSIFIERS[name]}.weight", f"{CLASSIFIERS[name]}.bias"}
    weights = {key: value for key, value in _read(path).items() if key not in classifier}
    encoder = build_encoder({"name": name})
    own = encoder.state_dict()
    if missing := own.keys() - weights.keys():
        raise ValueError(f"it lacks {_some(missing)} of {name}")
    if unknown := weights.keys() - own.keys():
        raise ValueError(f"it has {_some(unknown)}, which {name} has not")
    if misshapen := {key for key in own if own[key].shape != weights[key].shape}:
        raise ValueError(f"{_some(misshapen)} has not the shape that it has in {name}")
    encoder.load_state_dict(weights)
    return encoder


def _read(path: str | Path) -> dict[str, Tensor]:
    with Path(path).open("rb") as file:
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except Exception:  # a damaged pickle, or one that holds code, raises whatever it likes
            raise ValueError("no state dict that torch.save wrote") from None
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
        raise ValueError("no state dict, which is names and tensors")
    # Networks that were trained on several devices wrap every name.
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _some(keys: Iterable[str]) -> str:
    first, *others = sorted(keys)
    return first + (f" and {len(others)} more" if others else "")
