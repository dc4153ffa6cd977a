"""The trained model in one piece: front end, standardization, encoder and windows."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.streaming import read_log_mel_blocks
from soundalike.audio.windows import Windows
from soundalike.embedding.model_folder import fingerprint, read_model, write_model
from soundalike.embedding.model_path import find_model
from soundalike.embedding.sounds import Sound, is_path, mono_at, split_sounds
from soundalike.embedding.whitening import Whitening
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.models.encoder import Encoder, build_encoder
from soundalike.models.intermediate_features import dim_with_intermediate, embed_with_intermediate
from soundalike.runtime.progress import progress_bar


class SoundEncoder(nn.Module):
    """From sounds to embeddings: log-mel, standardization and encoder, kept together.

    The front end and the statistics of the training set are part of the model, so a sound gets the
    same embedding on every machine.

    Attributes:
        dim: size of an embedding.

    Args:
        encoder: network from ``[batch, 1, frames, bands]`` to h ``[batch, dim]``.
        encoder_settings: ``{"name": key of ENCODERS, ...arguments}`` that build it again.
        front_end: computes the log-mels.
        standardization: by the statistics of the training set.
        windows: how clips are cut; `min_frames` is the length of the patches that the encoder was
            trained on. An encoder that pools over time can embed many seconds in one window.
        intermediate_features: blocks of the encoder whose feature maps are pooled and appended to
            h, as `embed_with_intermediate` takes them.
        whitening: applied to the result; by default the embedding is h itself.

    Raises:
        ValueError: the encoder has no such block.
    """

    def __init__(
        self,
        encoder: Encoder,
        encoder_settings: dict[str, Any],
        front_end: LogMel,
        standardization: Standardization,
        windows: Windows,
        intermediate_features: Sequence[str] = (),
        whitening: Whitening | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encoder_settings = encoder_settings
        self.front_end = front_end
        self.standardization = standardization
        self.windows = windows
        self.intermediate_features = tuple(intermediate_features)
        self.whitening = whitening
        self.dim = encoder.dim
        if whitening:
            self.dim = whitening.n_components
        elif intermediate_features:
            self.dim = dim_with_intermediate(
                encoder, intermediate_features, windows.min_frames, front_end.n_mels
            )

    def with_encoder(self, encoder: Encoder, whitening: Whitening | None = None) -> "SoundEncoder":
        """Return the same model with another network and the whitening that fits it."""
        return SoundEncoder(
            encoder,
            self.encoder_settings,
            self.front_end,
            self.standardization,
            self.windows,
            self.intermediate_features,
            whitening,
        )

    @property
    def device(self) -> torch.device:
        """Where the model computes; `to` moves it."""
        return next(self.encoder.parameters()).device

    @property
    def patch_frames(self) -> int:
        """Length of the patches that the encoder was trained on."""
        return self.windows.min_frames

    def forward(self, patches: Tensor) -> Tensor:
        """Embed log-mel patches that are not standardized yet.

        Shape:
            patches: [batch, frames, bands]; result: [batch, dim].
        """
        standardized = self.standardize(patches)
        if self.intermediate_features:
            h = embed_with_intermediate(self.encoder, self.intermediate_features, standardized)
        else:
            h = self.encoder(standardized)
        return self.whitening(h) if self.whitening else h

    def standardize(self, patches: Tensor) -> Tensor:
        """Return the encoder's input: [batch, frames, bands] -> [batch, 1, frames, bands]."""
        return self.standardization(patches.float()).unsqueeze(1)

    def encode(
        self,
        sounds: Sound | Iterable[Sound],
        sample_rate: float | None = None,
        *,
        batch_size: int = 64,
        normalize: bool = False,
        show_progress_bar: bool = False,
    ) -> np.ndarray:
        """Return one embedding for every sound: the mean over its windows.

        Several threads may encode with the same model.

        Args:
            sounds: paths, or waveforms ``[samples]`` or ``[samples, channels]`` as arrays or
                tensors; one or many. Floats are in the range from -1 to 1; integers are scaled by
                their type. Of a waveform in a list, the shorter axis holds the channels.
            sample_rate: of the waveforms, in Hz; not needed for paths.
            batch_size: windows that go through the encoder at a time.
            normalize: If true, every embedding is scaled to unit length.
            show_progress_bar: If true, a progress bar is shown on standard error.

        Shape:
            result: float32 [sounds, dim], or [dim] for a single sound.

        Raises:
            AudioError: a file cannot be read.
            ValueError: a waveform comes without its sample rate, or is not a waveform.
        """
        sounds, is_single = split_sounds(sounds)
        bar = progress_bar(sounds, name="encode", unit="clips", is_shown=show_progress_bar)
        log_mels = (self._log_mel(sound, sample_rate) for sound in bar)
        sums: list[np.ndarray] = []
        n_windows: list[int] = []
        for batch in encode_windows(self, log_mels, batch_size):
            for clip, vector in zip(batch.clips, batch.vectors, strict=True):
                if clip == len(sums):
                    sums.append(np.zeros(self.dim))
                    n_windows.append(0)
                sums[clip] += vector
                n_windows[clip] += 1
        means = np.reshape(sums, (-1, self.dim)) / np.reshape(n_windows, (-1, 1))
        embeddings = means.astype(np.float32)
        embeddings = _unit_length(embeddings) if normalize else embeddings
        return embeddings[0] if is_single else embeddings

    @staticmethod
    def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the cosine similarity of every embedding in a to every one in b, [a, b]."""
        return _unit_length(a) @ _unit_length(b).T

    def _log_mel(self, sound: Any, sample_rate: float | None) -> Iterable[np.ndarray]:
        """Return the log_mel of a sound in blocks [frames, bands]."""
        if is_path(sound):
            return read_log_mel_blocks(sound, self.front_end)
        return [self.front_end.of_clip(mono_at(sound, sample_rate, self.front_end.sample_rate))]

    def save(self, folder: str | Path, *, half: bool = False) -> None:
        """Write ``config.json`` and the weights into a folder.

        Args:
            folder: created if it does not exist.
            half: If true, weights are saved in half precision: half the file size, and embeddings
                change in the third or fourth digit. Loading makes them float32 again.
        """
        write_model(Path(folder), self._config(), self, half=half)

    def fingerprint(self) -> str:
        """Return a hash of settings and weights: models with the same one are the same model."""
        return fingerprint(self._config(), self)

    def _config(self) -> dict[str, Any]:
        """Return the settings that `_build` takes, for JSON."""
        return {
            "encoder": self.encoder_settings,
            "front_end": dataclasses.asdict(self.front_end),
            "standardization": dataclasses.asdict(self.standardization),
            "windows": dataclasses.asdict(self.windows),
            "intermediate_features": list(self.intermediate_features),
            "whitening": list(self.whitening.axes.shape) if self.whitening else None,
        }

    @classmethod
    def from_pretrained(cls, model: str | Path) -> "SoundEncoder":
        """Load a model.

        Args:
            model: the name of a shipped model, a key of `SHIPPED_MODELS`; a run folder; or a folder
                that `save` wrote.

        Raises:
            ModelError: there is no model, its files do not match, or the name is ambiguous.
        """
        return cls.load(find_model(model))

    @classmethod
    def load(cls, folder: str | Path) -> "SoundEncoder":
        """Load what `save` wrote.

        Raises:
            ModelError: there is no model, or its files do not match.
        """

        def build(config: dict[str, Any]) -> tuple[SoundEncoder, SoundEncoder]:
            return (model := cls._build(**config)), model

        return read_model(Path(folder), build)

    @classmethod
    def _build(
        cls,
        encoder: dict[str, Any],
        front_end: dict[str, Any],
        standardization: dict[str, Any],
        windows: dict[str, Any],
        intermediate_features: list[str],
        whitening: list[int] | None,
    ) -> "SoundEncoder":
        """Build a model from the settings that `save` wrote; its weights are random."""
        return cls(
            build_encoder(encoder, front_end["n_mels"]),
            encoder,
            LogMel(**front_end),
            Standardization(**standardization),
            Windows(**windows),
            intermediate_features,
            Whitening(*whitening) if whitening else None,
        ).eval()


def _unit_length(embeddings: np.ndarray) -> np.ndarray:
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=-1, keepdims=True), 1e-12)
