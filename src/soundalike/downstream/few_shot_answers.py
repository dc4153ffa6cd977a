"""Answers of few-shot classifiers, written draw by draw, so that an interrupted run resumes.

Every method has a folder whose name ends with a hash of everything that its answers depend on. So
answers are never taken for those of another model, and another recipe does not replace them. A file
holds the class that a classifier gives to each test clip of a draw.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundalike import __version__
from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.few_shot_draws import Draw
from soundalike.embedding.vector_cache import content_hash
from soundalike.runtime.atomic import write_text

FORMAT = 1  # raise it when the same key gets other answers


@dataclass(frozen=True)
class AnswerFolder:
    """The answers of one method.

    Args:
        path: the folder, which is created with the first answers.
    """

    path: Path

    @classmethod
    def of(
        cls, parent: Path, method: str, store: Store, splits: Sequence[Split], **key: Any
    ) -> "AnswerFolder":
        """Return the folder of a method's answers on some clips.

        Args:
            parent: holds the folders of all methods.
            method: its name.
            store: the labeled clips.
            splits: the folds.
            key: for JSON, what the answers depend on besides clips, labels, folds and draws.
        """
        clips = {"clips": content_hash(store), "labels": store.clips.rows["label"].tolist()}
        software = {"format": FORMAT, "version": __version__}
        digest = hashlib.sha256(json.dumps(clips | software | key, sort_keys=True).encode())
        digest.update(store.recordings.tobytes())
        for split in splits:
            digest.update(split.name.encode() + split.train.tobytes() + split.test.tobytes())
        return cls(parent / f"{method}-{digest.hexdigest()[:12]}")

    def file(self, draw: Draw) -> Path:
        """Return the file of the answers to a draw's test clips."""
        return self.path / f"{draw.name}.json"

    def has(self, draw: Draw) -> bool:
        """Tell whether a draw's test clips are answered; a file that is damaged is not."""
        return self._read(draw) is not None

    def get(self, draw: Draw, answer: Callable[[], NDArray[np.integer]]) -> NDArray[np.int64]:
        """Return the answers to a draw's test clips; write them if they are not there yet.

        Args:
            draw: the draw.
            answer: returns a class for each test clip.

        Shape:
            result: [test clips].

        Raises:
            OSError: the file cannot be written.
        """
        answers = self._read(draw)
        if answers is None:
            answers = np.asarray(answer(), dtype=np.int64)
            self.path.mkdir(parents=True, exist_ok=True)
            write_text(self.file(draw), json.dumps(answers.tolist()))
        return answers

    def _read(self, draw: Draw) -> NDArray[np.int64] | None:
        try:
            answers = np.array(json.loads(self.file(draw).read_text()), dtype=np.int64)
        except (OSError, ValueError, TypeError):
            return None
        return answers if answers.shape == draw.split.test.shape else None
