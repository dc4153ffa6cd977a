"""The settings of a model as ``config.json`` holds them, and back."""

import dataclasses
from typing import TYPE_CHECKING, Any

import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import build_encoder

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder


def config_of(model: "SoundEncoder") -> dict[str, Any]:
    """Return the settings that embeddings depend on, for JSON."""
    return {
        "encoder": model.encoder_settings,
        "front_end": dataclasses.asdict(model.front_end),
        "standardization": dataclasses.asdict(model.standardization),
        "windows": dataclasses.asdict(model.windows),
        "intermediate_features": list(model.intermediate_features),
        "whitening": list(model.whitening.axes.shape) if model.whitening else None,
    }


def further_config_of(model: "SoundEncoder") -> dict[str, Any]:
    """Return the other settings for JSON: embeddings do not depend on them."""
    background = None if model.background is None else list(model.background.shape)
    return {"training_data": model.training_data, "background": background}


def arguments_of(
    encoder: dict[str, Any],
    front_end: dict[str, Any],
    standardization: dict[str, Any],
    windows: dict[str, Any],
    intermediate_features: list[str],
    whitening: list[int] | None,
    training_data: str = "",
    background: list[int] | None = None,
) -> dict[str, Any]:
    """Return the arguments of `SoundEncoder` from what ``config.json`` holds; weights are random.

    Raises:
        ValueError: settings contradict each other.
    """
    return {
        "encoder": build_encoder(encoder, front_end["n_mels"]),
        "encoder_settings": encoder,
        "front_end": LogMel(**front_end),
        "standardization": Standardization(**standardization),
        "windows": Windows(**windows),
        "intermediate_features": intermediate_features,
        "whitening": Whitening(*whitening) if whitening else None,
        "training_data": str(training_data),
        "background": torch.zeros(background) if background else None,
    }


def in_words(model: "SoundEncoder") -> str:
    """Describe a model in a few lines."""
    front_end = model.front_end
    n_weights = sum(parameter.numel() for parameter in model.encoder.parameters())
    lines = [
        f"SoundEncoder: {model.dim:,} numbers a sound, the mean over its windows",
        f"sample rate {front_end.sample_rate:,} Hz (others are resampled), "
        f"band {front_end.fmin:,g}-{front_end.fmax:,g} Hz",
        model.windows.in_words(front_end.hop_s),
        f"encoder {model.encoder_settings['name']}, {n_weights:,} weights",
        f"trained on {model.training_data or 'sounds that its config.json does not name'}",
    ]
    return "\n  ".join(lines)
