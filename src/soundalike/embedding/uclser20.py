"""Load the encoders that Fonseca et al. 2021 released at github.com/edufonseca/uclser20."""

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.model_folder import ModelError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import Encoder, build_encoder

# The last layer of each network: a classifier that pre-training never trained. It is left out here.
CLASSIFIERS = {"resnet18": "fc", "vgg": "dense_out", "crnn": "dense"}

N_VALUES = 1_340_000_000
"""Log-mel values of FSDnoisy18k's noisy training clips, about: 38.8 h, 100 frames/s, 96 bands."""


PATCH_FRAMES = 101


def load_uclser20(
    path: str | Path, name: str, mean: float, std: float, n_values: int = N_VALUES
) -> SoundEncoder:
    """Load a released state dict as a model.

    Their code standardizes by the square root of the summed squares over the number of values; the
    number belongs under the root. So their encoders expect inputs as if the standard deviation were
    ``std / sqrt(n_values)``, and this model divides by that.

    Args:
        path: state dict, ``pth/*_best.pth`` in their repository, read without running any code that
            a pickle may hold.
        name: of the network: "resnet18", "vgg" or "crnn".
        mean: of the log-mel values of FSDnoisy18k's noisy training clips, in log10 units.
        std: their true standard deviation.
        n_values: number of these values, by whose square root theirs is too small.

    Raises:
        ModelError: the file cannot be read, or does not match the network.
        ValueError: ``std`` is not positive, or ``n_values`` is below 1.
    """
    if not std > 0 or n_values < 1:
        raise ValueError(
            f"A std above 0 and n_values of at least 1 are needed, got {std} and {n_values}."
        )
    try:
        encoder = read_uclser20(path, name)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the model cannot be loaded ({error}).") from None
    standardization = Standardization(mean, std / n_values**0.5)
    windows = Windows.half_overlapping(PATCH_FRAMES)
    return SoundEncoder(encoder, {"name": name}, LogMel(), standardization, windows).eval()


def read_uclser20(path: str | Path, name: str) -> Encoder:
    """Read a released state dict into its encoder.

    Args:
        path: file written by ``torch.save``.
        name: "resnet18", "vgg" or "crnn".

    Raises:
        OSError: the file cannot be opened.
        ValueError: the file holds no state dict, or not one of this network.
    """
    if name not in CLASSIFIERS:
        raise ValueError(f"there is no released '{name}', only {', '.join(CLASSIFIERS)}")
    classifier = {f"{CLASSIFIERS[name]}.weight", f"{CLASSIFIERS[name]}.bias"}
    weights = {key: value for key, value in _read(path).items() if key not in classifier}
    encoder = build_encoder({"name": name})
    expected = encoder.state_dict()
    if missing := expected.keys() - weights.keys():
        raise ValueError(f"it lacks {_some(missing)} of {name}")
    if unknown := weights.keys() - expected.keys():
        raise ValueError(f"it has {_some(unknown)}, which {name} does not have")
    if misshapen := {key for key in expected if expected[key].shape != weights[key].shape}:
        raise ValueError(f"{_some(misshapen)} does not have the shape it has in {name}")
    encoder.load_state_dict(weights)
    return encoder


def _read(path: str | Path) -> dict[str, Tensor]:
    with Path(path).open("rb") as file:
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except Exception:  # a damaged pickle, or one that holds code, can raise anything
            raise ValueError("it holds no state dict written by torch.save") from None
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
        raise ValueError("it holds no state dict, a dictionary of tensors by name")
    # Training on several devices adds a prefix to every name.
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _some(keys: Iterable[str]) -> str:
    first, *others = sorted(keys)
    return first + (f" and {len(others)} more" if others else "")
