"""Test clips worth listening to, each with the nearest training clips of two classes.

Labels are [test clips, classes], 0 or 1, also where each clip has one; probabilities likewise.
Vectors are [windows, dim].
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.representations import EMBEDDINGS, FOLDERS, PRETRAINED
from soundalike.embedding.vector_cache import read_cached


@dataclass(frozen=True)
class Example:
    """An answer of the classifier: whether a test clip has a class.

    Args:
        row: position among the test clips.
        answer: the class in question.
        own: the most probable of the clip's own classes, or the answer if it is one of them.
        other: the most probable of the other classes, or the answer if it is one of them; None if
            the clip has every class.
    """

    row: int
    answer: int
    own: int
    other: int | None


@dataclass(frozen=True)
class NearestClips:
    """Finds the training clips with the most similar embedding.

    Args:
        vectors: mean embedding of each clip, of unit length.
        labels: classes of each clip.
        splits: the rounds; a test clip is compared with the training clips of its own.

    Shape:
        vectors: [clips, dim]; labels: [clips, classes].
    """

    vectors: Tensor
    labels: NDArray[np.floating]
    splits: Sequence[Split]

    @classmethod
    def read(cls, folder: Path, store: Store, splits: Sequence[Split]) -> "NearestClips | None":
        """Read the model's features from the folder of an evaluation; standardize and average them.

        Args:
            folder: holds the results.
            store: the labeled clips.
            splits: the rounds.

        Returns:
            None if the folder has no features of these clips: fine-tuning writes none.
        """
        features = read_cached(folder / EMBEDDINGS / FOLDERS[PRETRAINED], store)
        if features is None:
            return None
        vectors, clips = features
        std, mean = torch.std_mean(vectors, dim=0, correction=0)
        sums = torch.zeros(len(store.clips), vectors.shape[1])
        sums.index_add_(0, clips, (vectors - mean) / std.clamp(min=1e-6))
        return cls(normalize(sums, dim=1), store.clips.labels().one_hot(), splits)

    def find(self, row: int, of_class: int) -> int | None:
        """Return the nearest training clip of a class; None if its round has none.

        Args:
            row: position of the clip among the test clips.
            of_class: the class.
        """
        for split in self.splits:
            if row < len(split.test):
                train = split.train[self.labels[split.train, of_class] == 1]
                similarity = self.vectors[train] @ self.vectors[split.test[row]]
                return int(train[int(similarity.argmax())]) if len(train) else None
            row -= len(split.test)
        raise IndexError(row)


def confidently_wrong(
    labels: NDArray[np.floating], probabilities: NDArray[np.floating], is_multi_label: bool
) -> list[Example]:
    """Return the wrong answers, the most confident first; one for each clip.

    Args:
        labels: classes of the test clips.
        probabilities: of each class.
        is_multi_label: If true, a clip has all classes from a probability of 0.5, and a class that
            it misses is wrong, too. Otherwise its only answer is the most probable class.
    """
    error = np.abs(probabilities - labels)
    if is_multi_label:
        is_wrong = (probabilities >= 0.5) != (labels == 1)
    else:
        is_answer = np.arange(labels.shape[1]) == probabilities.argmax(axis=1)[:, None]
        is_wrong = is_answer & (labels == 0)
    rows, answers = np.nonzero(is_wrong)
    order = np.argsort(-error[rows, answers], kind="stable")
    return _examples(zip(rows[order], answers[order], strict=True), labels, probabilities)


def nearest_to(
    threshold: float,
    labels: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    is_multi_label: bool,
) -> list[Example]:
    """Return the answers whose probability is nearest to a threshold; one for each clip.

    Args:
        threshold: below it, the answer is "unsure".
        labels: classes of the test clips.
        probabilities: of each class.
        is_multi_label: If true, every class of a clip is an answer; otherwise the most probable.
    """
    if is_multi_label:
        rows, answers = map(np.ravel, np.indices(labels.shape))
    else:
        rows, answers = np.arange(len(labels)), probabilities.argmax(axis=1)
    order = np.argsort(np.abs(probabilities[rows, answers] - threshold), kind="stable")
    return _examples(zip(rows[order], answers[order], strict=True), labels, probabilities)


def _examples(
    answers: Iterable[tuple[int, int]],
    labels: NDArray[np.floating],
    probabilities: NDArray[np.floating],
) -> list[Example]:
    """Return an example for the first answer of each clip."""
    first: dict[int, int] = {}
    for row, answer in answers:
        first.setdefault(int(row), int(answer))
    examples = []
    for row, answer in first.items():
        classes = np.argsort(-probabilities[row], kind="stable")
        owns = [int(c) for c in classes if labels[row, c] == 1]
        others = [int(c) for c in classes if labels[row, c] != 1]
        if answer in owns:
            examples.append(Example(row, answer, answer, next(iter(others), None)))
        else:
            examples.append(Example(row, answer, owns[0], answer))
    return examples
