"""The trained model in one piece: front end, standardization, encoder and windows."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import torch
from torch import Tensor

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Problem
from soundalike.embedding.encode import OnError, encode, unit_length
from soundalike.embedding.model_config import arguments_of, config_of, further_config_of, in_words
from soundalike.embedding.model_folder import fingerprint, read_model, write_model
from soundalike.embedding.model_path import find_model
from soundalike.embedding.one_page_module import OnePageModule
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import Encoder
from soundalike.models.intermediate_features import dim_with_intermediate, embed_with_intermediate


class SoundEncoder(OnePageModule):
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
        training_data: what the encoder was trained on, in words.
        background: embeddings of some of these sounds, [sounds, dim], or None.

    Raises:
        ValueError: the encoder has no such block.
    """

    background: Tensor | None

    def __init__(
        self,
        encoder: Encoder,
        encoder_settings: dict[str, Any],
        front_end: LogMel,
        standardization: Standardization,
        windows: Windows,
        intermediate_features: Sequence[str] = (),
        whitening: Whitening | None = None,
        training_data: str = "",
        background: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encoder_settings = encoder_settings
        self.front_end = front_end
        self.standardization = standardization
        self.windows = windows
        self.intermediate_features = tuple(intermediate_features)
        self.whitening = whitening
        self.training_data = training_data
        self.register_buffer("background", background)
        self.dim = encoder.dim
        if whitening:
            self.dim = whitening.n_components
        elif intermediate_features:
            self.dim = dim_with_intermediate(
                encoder, intermediate_features, windows.min_frames, front_end.n_mels
            )

    def with_encoder(self, encoder: Encoder, whitening: Whitening | None = None) -> "SoundEncoder":
        """Return the same model with another network, its whitening, and no background."""
        return self._with(encoder=encoder, whitening=whitening, background=None)

    def with_windows(
        self, window_s: float | None = None, hop_s: float | None = None
    ) -> "SoundEncoder":
        """Return the same model with windows of another length or distance, in seconds.

        The network is shared. `Windows.resized` says what the defaults are and what is refused.
        """
        windows = self.windows.resized(self.front_end.hop_s, window_s, hop_s)
        return self._with(windows=windows).train(self.training)

    def _with(self, **changes: Any) -> "SoundEncoder":
        """Return the same model with other arguments of the constructor."""
        names = inspect.signature(SoundEncoder).parameters
        return SoundEncoder(**{name: getattr(self, name) for name in names} | changes)

    def __repr__(self) -> str:
        return in_words(self)

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

    @overload
    def encode(
        self,
        sounds: Any,
        sample_rate: float | None = None,
        *,
        on_error: Literal["raise"] = ...,
        batch_size: int = ...,
        normalize: bool = ...,
        show_progress_bar: bool = ...,
    ) -> np.ndarray: ...
    @overload
    def encode(
        self,
        sounds: Any,
        sample_rate: float | None = None,
        *,
        on_error: Literal["skip"],
        batch_size: int = ...,
        normalize: bool = ...,
        show_progress_bar: bool = ...,
    ) -> tuple[np.ndarray, list[Problem]]: ...
    def encode(
        self,
        sounds: Any,
        sample_rate: float | None = None,
        *,
        on_error: OnError = "raise",
        batch_size: int = 64,
        normalize: bool = False,
        show_progress_bar: bool = False,
    ) -> np.ndarray | tuple[np.ndarray, list[Problem]]:
        """Return one embedding for every sound: the mean over its windows.

        Several threads may encode with the same model.

        Args:
            sounds: a sound, or many. A sound is a path; a waveform ``[samples]`` or
                ``[samples, channels]``, an array or tensor; or a tuple of a waveform and its sample
                rate. Many are an iterable of sounds, any source that `read_source` takes (a folder,
                a glob, a manifest), what it returns, or a DataFrame with the columns of a manifest.
                Floats are in the range from -1 to 1; integers are scaled by their type. Of a
                waveform in a list, the shorter axis holds the channels.
            sample_rate: of the waveforms, in Hz; not needed for paths and tuples.
            on_error: "raise": a sound that cannot be read is an error. "skip": its embedding is
                NaN, and the problems are returned, too.
            batch_size: windows that go through the encoder at a time.
            normalize: If true, every embedding is scaled to unit length.
            show_progress_bar: If true, a progress bar is shown on standard error.

        Returns:
            The embeddings; with ``on_error="skip"``, the embeddings and the problems.

        Shape:
            embeddings: float32 [sounds, dim], or [dim] for a single sound. The sounds of a source
            are in the order of ``read_source(source).rows``.

        Raises:
            AudioError: a file cannot be read.
            BrokenClipsError: a source names clips that cannot be read.
            ValueError: a waveform comes without its sample rate, or is not a waveform.
        """
        embeddings, problems, is_single = encode(
            self,
            sounds,
            sample_rate,
            on_error=on_error,
            batch_size=batch_size,
            progress=show_progress_bar,
        )
        embeddings = unit_length(embeddings) if normalize else embeddings
        result = embeddings[0] if is_single else embeddings
        return (result, problems) if on_error == "skip" else result

    @staticmethod
    def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the cosine similarity of every embedding in a to every one in b, [a, b]."""
        return unit_length(a) @ unit_length(b).T

    def save(self, folder: str | Path, *, half: bool = False) -> None:
        """Write ``config.json`` and the weights into a folder.

        Args:
            folder: created if it does not exist.
            half: If true, weights are saved in half precision: half the file size, and embeddings
                change in the third or fourth digit. Loading makes them float32 again.
        """
        write_model(Path(folder), config_of(self) | further_config_of(self), self, half=half)

    def fingerprint(self) -> str:
        """Return a hash of settings and weights: models with the same one embed the same."""
        return fingerprint(config_of(self), self.with_encoder(self.encoder, self.whitening))

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
            return (model := cls(**arguments_of(**config)).eval()), model

        return read_model(Path(folder), build)
