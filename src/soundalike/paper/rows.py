"""Tables of the paper: each has a question, and rows that each change one thing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Start = Literal["pretrained", "untrained", "log-mel statistics", "from scratch"]
Task = Literal[
    "linear", "logistic regression", "soft labels", "noisy", "clean", "audit", "self-confidence"
]
Changes = Mapping[str, Any]


class PaperError(Exception):
    """An experiment that cannot be run as asked: one plain line that says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Row:
    """One row of a table: what is trained, and how it is measured.

    Args:
        name: name in tables and figures.
        changes: changes to the recipe, by dotted key.
        recipe: recipe of the pre-training, or of the training with labels if it starts from
            scratch.
        start: what is measured: a pretrained encoder, an untrained one, statistics of the log-mels
            without any network, or a network trained with labels from scratch.
        task: "linear" trains the paper's linear classifier on the frozen encoder, "logistic
            regression" ours, and "soft labels" ours on probable true labels; "noisy" and "clean"
            train the whole network, on the large set with wrong labels or on the small set without;
            "audit" and "self-confidence" find wrong labels with the frozen encoder.
        n_labels: number of labels of each class, of the small set, without any for validation; None
            for all labels of the task.
        is_reference: if true, the other rows are compared with this one.
    """

    name: str
    changes: Changes = field(default_factory=dict)
    recipe: str = "paper"
    start: Start = "pretrained"
    task: Task = "linear"
    n_labels: int | None = None
    is_reference: bool = False

    @property
    def configuration(self) -> str:
        """What is trained, as a folder name: the recipe and the changes to it.

        >>> Row("no noise, VGG", {"encoder.name": "vgg", "views.noise": None}).configuration
        'paper-encoder-vgg-noise-off'
        """
        words = {None: "off", "{}": "on"}
        pieces = [self.recipe]
        for key, value in self.changes.items():
            pieces.append(key.removesuffix(".name").rpartition(".")[2])
            pieces.append(str(words.get(None if value is None else str(value), value)))
        return "-".join(pieces)

    @property
    def work(self) -> tuple[Start, Task, int | None, str]:
        """The work that the row requires: rows that require the same work share a result."""
        return self.start, self.task, self.n_labels, self.configuration


@dataclass(frozen=True)
class Table:
    """Rows that answer one question.

    Args:
        name: name in tables, figures and `choose`.
        question: the question that the table answers, one sentence.
        rows: in the order of the table; one of them is the reference.
        reference_is: what the reference is, in words.
        clips: which clips the scores are of.
    """

    name: str
    question: str
    rows: tuple[Row, ...]
    reference_is: str = "the paper's choice"
    clips: str = "test clips"

    @property
    def reference(self) -> Row:
        """The row that the others are compared with."""
        return next(row for row in self.rows if row.is_reference)


def slug(name: str) -> str:
    """Return a name in lower case without special characters, for files and comparisons.

    >>> slug("other clips, alpha 0.05")
    'other-clips-alpha-0.05'
    """
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
