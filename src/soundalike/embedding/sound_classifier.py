"""A trained model that names what it hears: a model and a linear classifier of its embeddings."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from soundalike.datasets.store import Store
from soundalike.embedding.model_folder import CONFIG, ModelError, read_model, write_model
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import clip_scores

ENCODER, CLASSIFIER = "encoder", "classifier"


class SoundClassifier(nn.Module):
    """From sounds to class probabilities: a model, a linear layer, and the names of the classes.

    Args:
        model: front end, statistics and encoder.
        classes: names of the classes, in the order of the linear layer's outputs.
        multi_label: whether a clip may have several classes: each has a probability of its own
            (sigmoid), while otherwise they sum to one (softmax).
        clip_score: mean of the windows' probabilities that is the clip's.
        threshold: the lowest probability at which a class is named; below it, it is unsure.
    """

    def __init__(
        self,
        model: SoundEncoder,
        classes: list[str],
        *,
        multi_label: bool = False,
        clip_score: Literal["arithmetic", "geometric"] = "arithmetic",
        threshold: float = 0.0,
    ) -> None:
        super().__init__()
        self.model = model
        self.linear = nn.Linear(model.dim, len(classes))
        self.classes = classes
        self.multi_label = multi_label
        self.clip_score = clip_score
        self.threshold = threshold

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits of log_mel patches that are not standardized yet.

        Shape:
            patches: [batch, frames, bands]; result: [batch, classes].
        """
        return self.linear(self.model(patches))

    def probabilities(self, h: Tensor) -> Tensor:
        """Return the class probabilities of embeddings: [windows, dim] -> [windows, classes]."""
        return class_probabilities(self.linear(h).float(), self.multi_label)

    @torch.inference_mode()
    def window_probabilities(
        self, log_mels: Iterable[Iterable[np.ndarray]]
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Classify the windows of many clips.

        Args:
            log_mels: for every clip its log_mel in consecutive blocks ``[frames, bands]``.

        Returns:
            For each window the position of its `clip`, its first frame, `start`, and its length,
            `n_frames`; and its class probabilities [windows, classes].
        """
        where = [np.zeros((0, 3), dtype=np.int64)]
        probabilities = [np.zeros((0, len(self.classes)), dtype=np.float32)]
        for windows, h in self.model.encode_windows(log_mels):
            n_frames = np.full(len(h), windows.n_frames)
            where.append(np.stack([windows.clips, windows.starts, n_frames], axis=1))
            of_windows = self.probabilities(torch.from_numpy(h).to(self.model.device))
            probabilities.append(of_windows.cpu().numpy())
        table = pd.DataFrame(np.concatenate(where), columns=["clip", "start", "n_frames"])
        return table, np.concatenate(probabilities)

    def clip_probabilities(self, store: Store) -> np.ndarray:
        """Return the class probabilities of every clip of a store: [clips, classes]."""
        windows, probabilities = self.window_probabilities(self.model.log_mels_of(store))
        if not len(windows):
            return probabilities
        return clip_scores(probabilities, windows["clip"].to_numpy(), self.clip_score)

    def save(self, folder: str | Path) -> None:
        """Write the model to ``encoder`` and what stands on it to ``classifier``, in a folder."""
        folder = Path(folder)
        self.model.save(folder / ENCODER)
        config = {
            "classes": self.classes,
            "multi_label": self.multi_label,
            "clip_score": self.clip_score,
            "threshold": self.threshold,
        }
        write_model(folder / CLASSIFIER, config, self.linear)

    @classmethod
    def from_pretrained(cls, model: str | Path) -> "SoundClassifier":
        """Load a classifier by what it is called: its folder, or one in which there is only one.

        Raises:
            ModelError: there is none, there are several, or its files do not fit together.
        """
        model = Path(model)
        pattern = f"{CLASSIFIER}/{CONFIG}"
        found = [model] if (model / pattern).is_file() else []
        for depth in ("*", "*/*", "evaluation/*/*"):
            found = found or sorted(p.parent.parent for p in model.glob(f"{depth}/{pattern}"))
        if not found:
            raise ModelError(
                f"{model}: no classifier there: `soundalike evaluate MODEL SOURCE` makes one of "
                "your labels."
            )
        if len(found) > 1:
            there = ", ".join(map(str, found))
            raise ModelError(f"{model}: there are several classifiers; name one of {there}.")
        return cls.load(found[0])

    @classmethod
    def load(cls, folder: str | Path) -> "SoundClassifier":
        """Load what `save` wrote.

        Raises:
            ModelError: there is no classifier, or its files do not fit together.
        """
        folder = Path(folder)
        model = SoundEncoder.load(folder / ENCODER)

        def build(config: dict[str, Any]) -> tuple[SoundClassifier, nn.Linear]:
            classifier = cls(model, **config)
            return classifier.eval(), classifier.linear

        return read_model(folder / CLASSIFIER, build)
