"""A model and a linear classifier of its embeddings: from sounds to class probabilities."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from soundalike.datasets.store import Store
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.model_folder import read_model, write_model
from soundalike.embedding.model_path import CLASSIFIER, ENCODER, find_classifier
from soundalike.embedding.one_page_module import OnePageModule
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.temperature import tempered


@dataclass(frozen=True)
class WindowProbabilities:
    """The class probabilities of windows, clips in their order.

    Args:
        clips: position of each window's clip.
        starts: first frame of each window in its clip.
        n_frames: length of each window.
        probabilities: of each class, without the temperature of the classifier, float32.
        known: how much each window is like each class (`KnownSounds`), float32; None if the
            classifier does not answer "none of these".

    Shape:
        clips, starts, n_frames: [windows]; probabilities, known: [windows, classes].
    """

    clips: NDArray[np.int64]
    starts: NDArray[np.int64]
    n_frames: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    known: NDArray[np.float32] | None = None

    def select(self, windows: NDArray[np.bool_]) -> "WindowProbabilities":
        """Return some of the windows: [windows]."""
        columns = {name: column for name, column in vars(self).items() if column is not None}
        return WindowProbabilities(**{name: column[windows] for name, column in columns.items()})


class SoundClassifier(OnePageModule):
    """A model, a linear layer on its embeddings, and the names of the classes.

    Args:
        model: from sounds to embeddings.
        classes: names of the classes, in the order of the linear layer's outputs.
        multi_label: If true, a clip may have several classes, with independent probabilities
            (sigmoid). If false, the probabilities of a clip sum to one (softmax).
        clip_score: mean that makes a clip's probabilities from those of its windows.
        temperature: what divides the logits of a clip, so that its probabilities are right
            (`soundalike.evaluation.temperature`). It changes no order of the classes.
        threshold: lowest probability at which a class is assigned; below it a clip is unsure. Above
            1 if the clips of the evaluation were too few, or too many answers wrong. None until it
            is calibrated: `classify` refuses such a classifier.
        known: tells the classes from other sounds. None if clips may have several classes, since a
            clip without a probable class is none of them already; if the model has no background;
            and if the encoder was fine-tuned, since the background is then of another encoder.
        unit_length: If true, embeddings are scaled to length 1 before the linear layer.
    """

    def __init__(
        self,
        model: SoundEncoder,
        classes: list[str],
        *,
        multi_label: bool = False,
        clip_score: Literal["arithmetic", "geometric"] = "arithmetic",
        temperature: float = 1.0,
        threshold: float | None = None,
        known: KnownSounds | None = None,
        unit_length: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.linear = nn.Linear(model.dim, len(classes))
        self.classes = classes
        self.multi_label = multi_label
        self.clip_score = clip_score
        self.temperature = temperature
        self.threshold = threshold
        self.known = known
        self.unit_length = unit_length

    @property
    def is_detector(self) -> bool:
        """If true, it tells whether sounds are of its only class."""
        return self.multi_label and len(self.classes) == 1

    def logits(self, vectors: Tensor) -> Tensor:
        """Return the logits of embeddings: [windows, dim] -> [windows, classes]."""
        vectors = vectors.to(self.linear.weight)
        return self.linear(normalize(vectors, dim=-1) if self.unit_length else vectors)

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits of log-mel patches that are not standardized yet.

        Shape:
            patches: [batch, frames, bands]; result: [batch, classes].
        """
        return self.logits(self.model(patches))

    @torch.inference_mode()
    def classify_windows(
        self,
        log_mels: Iterable[Iterable[np.ndarray]],
        report: Callable[[int], object] | None = None,
    ) -> Iterator[WindowProbabilities]:
        """Classify the windows of many clips, batch by batch; see `window_probabilities`."""
        for batch in encode_windows(self.model, log_mels, report=report):
            vectors = torch.from_numpy(batch.vectors).to(self.linear.weight)
            logits = self.logits(vectors).float()
            yield WindowProbabilities(
                batch.clips,
                batch.starts,
                np.full(len(batch.clips), batch.n_frames),
                class_probabilities(logits, self.multi_label).cpu().numpy(),
                self.known(vectors).cpu().numpy() if self.known else None,
            )

    def window_probabilities(
        self,
        log_mels: Iterable[Iterable[np.ndarray]],
        report: Callable[[int], object] | None = None,
    ) -> WindowProbabilities:
        """Classify the windows of many clips.

        Args:
            log_mels: for every clip its log_mel in consecutive blocks ``[frames, bands]``.
            report: called now and then with the number of clips that are complete.
        """
        no_places, no_scores = np.zeros(0, np.int64), np.zeros((0, len(self.classes)), np.float32)
        empty = WindowProbabilities(no_places, no_places, no_places, no_scores, no_scores)
        batches = [empty, *self.classify_windows(log_mels, report)]
        return WindowProbabilities(
            np.concatenate([batch.clips for batch in batches]),
            np.concatenate([batch.starts for batch in batches]),
            np.concatenate([batch.n_frames for batch in batches]),
            np.concatenate([batch.probabilities for batch in batches]),
            np.concatenate([batch.known for batch in batches]) if self.known else None,
        )

    def clip_probabilities(self, store: Store, *, calibrated: bool = True) -> np.ndarray:
        """Return the class probabilities of every clip of a store: [clips, classes].

        Args:
            store: log-mels of the clips.
            calibrated: If true, with the temperature.
        """
        windows = self.window_probabilities(map(store.blocks, range(len(store.clips))))
        if not len(windows.clips):
            return windows.probabilities
        probabilities = clip_scores(windows.probabilities, windows.clips, self.clip_score)
        return self.tempered(probabilities) if calibrated else probabilities

    def tempered(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return class probabilities with the temperature.

        Args:
            probabilities: those of windows, or their means over the windows of clips.

        Shape:
            probabilities, result: [rows, classes].
        """
        return tempered(probabilities, self.temperature, self.multi_label)

    def save(self, folder: str | Path) -> None:
        """Write the model into the sub-folder ``encoder`` and the rest into ``classifier``.

        If a process is killed in between, `load` refuses what it leaves of an earlier classifier.
        """
        folder = Path(folder)
        self.model.save(folder / ENCODER)
        config = {
            "classes": self.classes,
            "multi_label": self.multi_label,
            "clip_score": self.clip_score,
            "temperature": self.temperature,
            "threshold": self.threshold,
            "n_held_out": len(self.known.held_out) if self.known else None,
            "unit_length": self.unit_length,
            "encoder": self.model.fingerprint(),  # a kill leaves one of both of another save
        }
        write_model(folder / CLASSIFIER, config, self._layers())

    def _layers(self) -> nn.Module:
        """Return what is saved besides the model."""
        if self.known is None:
            return self.linear
        return nn.ModuleDict({"linear": self.linear, "known": self.known})

    @classmethod
    def from_pretrained(cls, model: str | Path) -> "SoundClassifier":
        """Load a classifier from its own folder, or from a folder that contains only one.

        Raises:
            ModelError: there is no classifier, there are several, or the files do not match.
        """
        return cls.load(find_classifier(model))

    @classmethod
    def load(cls, folder: str | Path) -> "SoundClassifier":
        """Load what `save` wrote.

        Raises:
            ModelError: there is no classifier, or its files do not match.
        """
        folder = Path(folder)
        model = SoundEncoder.load(folder / ENCODER)

        def build(config: dict[str, Any]) -> tuple[SoundClassifier, nn.Module]:
            if config.pop("encoder", None) not in (None, model.fingerprint()):
                raise ValueError("its encoder is another one: run again what has saved it")
            n_held_out = config.pop("n_held_out", None)
            classifier = cls(model, **config)
            if n_held_out is not None:
                classifier.known = KnownSounds(model.dim, len(classifier.classes), n_held_out)
            return classifier.eval(), classifier._layers()

        return read_model(folder / CLASSIFIER, build)
