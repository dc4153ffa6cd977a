"""The trained model in one piece: front end, statistics and encoder."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import threadpoolctl
import torch
from torch import nn
from tqdm import tqdm

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.store import Store
from soundalike.embedding.model_folder import CONFIG, WEIGHTS, ModelError, read_model, write_model
from soundalike.embedding.uclser20 import N_VALUES, read_uclser20
from soundalike.embedding.whitening import Whitening
from soundalike.embedding.windows import Windows, batches, cut_windows, repeated
from soundalike.models.encoder import Encoder, build_encoder
from soundalike.models.intermediate_features import dim_with_intermediate, embed_with_intermediate
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.runtime.prefetch import prefetch

FORMAT = 2

Sound = str | Path | np.ndarray


class SoundEncoder(nn.Module):
    """From sounds to embeddings: log_mel, standardization, and the encoder, kept together.

    The front end's settings and the statistics of the pre-training set are part of the model, so
    a sound means the same to it on every machine.

    Attributes:
        dim: size of an embedding.

    Args:
        encoder: network from ``[batch, 1, frames, bands]`` to h ``[batch, dim]``.
        encoder_settings: ``{"name": key of ENCODERS, ...arguments}`` that build it again.
        front_end: what makes the log-mels.
        patch_frames: length of the patches that the encoder was trained on.
        mean: of the log-mel values of the pre-training set.
        std: their standard deviation.
        window_frames: length of the windows that a clip is embedded by; by default a patch. An
            encoder that pools over time reads a clip of many seconds in one window, and hears its
            course; a clip that is shorter than a window is one window, as long as it is.
        intermediate_features: blocks of the encoder whose maps join h in the embedding, as
            `embed_with_intermediate` takes them.
        whitening: what makes embeddings of all that; by default they are h as it is.

    Raises:
        ValueError: a window is shorter than a patch, or the encoder has no such block.
    """

    def __init__(
        self,
        encoder: Encoder,
        encoder_settings: dict[str, Any],
        front_end: LogMel,
        patch_frames: int,
        mean: float,
        std: float,
        window_frames: int | None = None,
        intermediate_features: Sequence[str] = (),
        whitening: Whitening | None = None,
    ) -> None:
        super().__init__()
        if window_frames is not None and window_frames < patch_frames:
            raise ValueError(
                f"A window has at least the {patch_frames} frames of a patch, got {window_frames}."
            )
        self.encoder = encoder
        self.encoder_settings = encoder_settings
        self.front_end = front_end
        self.patch_frames = patch_frames
        self.mean = mean
        self.std = std
        self.window_frames = window_frames or patch_frames
        self.intermediate_features = tuple(intermediate_features)
        self.dim = encoder.dim
        if intermediate_features:
            self.dim = dim_with_intermediate(
                encoder, intermediate_features, patch_frames, front_end.n_mels
            )
        self.whitening = whitening
        if whitening:
            self.dim = whitening.n_components

    def with_encoder(self, encoder: Encoder, whitening: Whitening | None = None) -> "SoundEncoder":
        """Return a model of another network, and of a whitening that fits it."""
        return SoundEncoder(
            encoder,
            self.encoder_settings,
            self.front_end,
            self.patch_frames,
            self.mean,
            self.std,
            self.window_frames,
            self.intermediate_features,
            whitening,
        )

    @property
    def device(self) -> torch.device:
        """Where it computes; ``to`` moves it."""
        return next(self.encoder.parameters()).device

    @property
    def hop_frames(self) -> int:
        """Distance between the starts of a clip's windows: half a window, rounded down."""
        return self.window_frames // 2

    def save(self, folder: str | Path, *, half: bool = False) -> None:
        """Write ``config.json`` and ``model.safetensors`` into a folder.

        Args:
            folder: made where there is none.
            half: whether weights are kept in half precision, which halves the file and changes
                embeddings in the third or fourth digit; once loaded they are float32 again.
        """
        config = {
            "format": FORMAT,
            "encoder": self.encoder_settings,
            "front_end": dataclasses.asdict(self.front_end),
            "patch_frames": self.patch_frames,
            "mean": self.mean,
            "std": self.std,
            "window_frames": self.window_frames,
            "intermediate_features": list(self.intermediate_features),
            "whitening": list(self.whitening.axes.shape) if self.whitening else None,
        }
        write_model(Path(folder), config, self, half=half)

    @classmethod
    def from_pretrained(cls, model: str | Path) -> "SoundEncoder":
        """Load a model by what it is called.

        Args:
            model: the name of a shipped model, a key of `SHIPPED_MODELS`; a run folder; or
                a folder that `save` wrote.

        Raises:
            ModelError: there is no model, or its files do not fit together.
        """
        folder = SHIPPED_MODELS.get(str(model), Path(model))
        of_run = folder / "encoder"
        return cls.load(of_run if (of_run / CONFIG).is_file() else folder)

    @classmethod
    def load(cls, folder: str | Path) -> "SoundEncoder":
        """Load what `save` wrote.

        Raises:
            ModelError: there is no model, or its files do not fit together.
        """
        folder = Path(folder)
        if not (folder / CONFIG).is_file():
            raise ModelError(
                f"{folder}: no model there: give a run folder made by `soundalike pretrain`, a "
                f"folder with {CONFIG} and {WEIGHTS}, or one that comes with soundalike: "
                f"{', '.join(SHIPPED_MODELS)}."
            )

        def build(config: dict[str, Any]) -> tuple[SoundEncoder, SoundEncoder]:
            settings = dict(config["encoder"])
            front_end = LogMel(**config["front_end"])
            encoder = build_encoder(settings, front_end.n_mels)
            whitening = Whitening(*config["whitening"]) if config["whitening"] else None
            rest = ("patch_frames", "mean", "std", "window_frames", "intermediate_features")
            given = {key: config[key] for key in rest}
            model = cls(encoder, settings, front_end, **given, whitening=whitening)
            return model.eval(), model

        return read_model(folder, build)

    @classmethod
    def from_uclser20(
        cls,
        path: str | Path,
        encoder: str,
        mean: float,
        std: float,
        n_values: int = N_VALUES,
    ) -> "SoundEncoder":
        """Load an encoder that the authors of Fonseca et al. 2021 released with their code.

        Their code standardizes by the square root of the summed squares over the number of values,
        where the number belongs under the root: so their encoders expect inputs as if the standard
        deviation were ``std / sqrt(n_values)``, and this one divides by that.

        Args:
            path: state dict, ``pth/*_best.pth`` in their repository.
            encoder: its network: "resnet18", "vgg" or "crnn".
            mean: of the log-mel values of FSDnoisy18k's noisy training clips, in log10 units.
            std: their true standard deviation.
            n_values: how many values that is, over which theirs is too small.

        Raises:
            ModelError: the file cannot be read, or is not of this network.
            ValueError: ``std`` is not positive, or ``n_values`` below 1.
        """
        if not std > 0 or n_values < 1:
            raise ValueError(
                f"A std above 0 and n_values of at least 1 are needed, got {std} and {n_values}."
            )
        try:
            network = read_uclser20(path, encoder)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: the model cannot be loaded ({error}).") from None
        return cls(network, {"name": encoder}, LogMel(), 101, mean, std / n_values**0.5).eval()

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of log_mel patches that are not standardized yet.

        Shape:
            patches: [batch, frames, bands]; result: [batch, dim].
        """
        standardized = self.standardize(patches)
        if self.intermediate_features:
            h = embed_with_intermediate(self.encoder, self.intermediate_features, standardized)
        else:
            h = self.encoder(standardized)
        return self.whitening(h) if self.whitening else h

    def standardize(self, patches: torch.Tensor) -> torch.Tensor:
        """Return what the encoder takes: [batch, frames, bands] -> [batch, 1, frames, bands]."""
        return ((patches.float() - self.mean) / self.std).unsqueeze(1)

    def encode(
        self,
        sounds: Sound | Sequence[Sound],
        sample_rate: int | None = None,
        *,
        batch_size: int = 64,
        normalize: bool = False,
        show_progress_bar: bool = False,
    ) -> np.ndarray:
        """Return one embedding for every sound: the mean over its windows.

        A sound that is shorter than a patch is repeated.

        Args:
            sounds: paths, or waveforms ``[samples]`` or ``[samples, channels]``; one or many.
            sample_rate: of the waveforms; not needed for paths.
            batch_size: windows that go through the encoder at a time.
            normalize: whether to scale every embedding to unit length.
            show_progress_bar: whether to show one.

        Shape:
            result: float32 [sounds, dim], or [dim] for a single sound.

        Raises:
            AudioError: a file cannot be read.
            ValueError: a waveform comes without its sample rate, or is no waveform.
        """
        if isinstance(sounds, str | Path | np.ndarray):
            return self.encode([sounds], sample_rate, batch_size=batch_size, normalize=normalize)[0]
        shown = tqdm(sounds, desc="encode", unit=" clips", disable=not show_progress_bar)
        log_mels = (
            repeated(self._blocks(sound, sample_rate), self.patch_frames) for sound in shown
        )
        sums = np.zeros((len(sounds), self.dim))
        n_windows = np.zeros(len(sounds))
        for windows, h in self.encode_windows(log_mels, batch_size):
            np.add.at(sums, windows.clips, h)
            np.add.at(n_windows, windows.clips, 1)
        embeddings = (sums / n_windows[:, None]).astype(np.float32)
        if normalize:
            embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
        return embeddings

    @staticmethod
    def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the cosine similarity of every embedding in a to every one in b, [a, b]."""
        a, b = (x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12) for x in (a, b))
        return a @ b.T

    @torch.inference_mode()
    def encode_windows(
        self, log_mels: Iterable[Iterable[np.ndarray]], batch_size: int = 64
    ) -> Iterator[tuple[Windows, np.ndarray]]:
        """Encode the windows of many clips, batch by batch and in bounded memory.

        Args:
            log_mels: for every clip its log_mel in consecutive blocks ``[frames, bands]``; a thread
                makes the next ones while a batch is encoded. A clip without a patch has no window.
            batch_size: windows that go through the encoder at a time.

        Yields:
            Where the windows of a batch are, and their h ``[batch, dim]`` float32.
        """
        self.eval()
        windows = (
            (clip, start, window)
            for clip, blocks in enumerate(log_mels)
            for start, window in cut_windows(
                blocks, self.window_frames, self.hop_frames, self.patch_frames
            )
        )
        # A log_mel is a small product of matrices: threads of numpy's would only take the
        # processors from the encoder's, which then is several times slower.
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            for clips, starts, batch in prefetch(batches(windows, batch_size)):
                h = self(torch.from_numpy(batch).to(self.device))
                yield Windows(clips, starts, batch.shape[1]), h.float().cpu().numpy()

    def of_store(self, store: Store, gain_db: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
        """Return h of every window of a store's clips, and the position of each window's clip.

        Args:
            store: the clips.
            gain_db: how much louder than they are they are heard.

        Shape:
            h: [windows, dim]; clips: [windows] int64.
        """
        gain = np.float32(gain_db / 10)  # log10 of energies
        louder = ([block + gain for block in blocks] for blocks in self.log_mels_of(store))
        windows, h = zip(*self.encode_windows(louder), strict=True)
        clips = np.concatenate([batch.clips for batch in windows])
        return torch.from_numpy(np.concatenate(h)), torch.from_numpy(clips)

    def log_mels_of(self, store: Store) -> Iterator[list[np.ndarray]]:
        """Yield the log_mel of every clip of a store; one shorter than a patch is repeated."""
        for index in range(len(store.clips)):
            yield list(repeated([store.of_clip(index)], self.patch_frames))

    def _blocks(self, sound: Sound, sample_rate: int | None) -> Iterable[np.ndarray]:
        if not isinstance(sound, np.ndarray):
            return self.front_end.blocks(sound)
        if sample_rate is None:
            raise ValueError("encode needs the sample_rate of a waveform.")
        if not sound.size or sound.ndim > 2 or not np.isfinite(sound).all():
            raise ValueError("encode needs finite waveforms, [samples] or [samples, channels].")
        mono = sound.astype(np.float32).reshape(len(sound), -1).mean(axis=1)
        return [
            self.front_end.of_clip(soxr.resample(mono, sample_rate, self.front_end.sample_rate))
        ]
