"""What a table of the paper is: a question, and rows that each change one thing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Start = Literal["pretrained", "untrained", "log-mel statistics", "from scratch"]
Task = Literal["linear", "noisy", "clean"]
Changes = Mapping[str, Any]


class PaperError(Exception):
    """An experiment that cannot be run as asked: one plain line that says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Row:
    """One row of a table: what is trained, and how it is measured.

    Args:
        name: in tables and figures.
        changes: what differs from the recipe, by dotted key.
        recipe: of the pre-training; of the training with labels where it starts from scratch.
        start: what is measured: a pretrained encoder, an untrained one, statistics of the log-mels
            without any network, or a network trained with labels from scratch.
        task: "linear" trains a linear classifier on the frozen encoder; "noisy" and "clean" train
            the whole network on the large set with wrong labels, or on the small one without.
        is_reference: whether it is the paper's choice, which the other rows are compared with.
    """

    name: str
    changes: Changes = field(default_factory=dict)
    recipe: str = "paper"
    start: Start = "pretrained"
    task: Task = "linear"
    is_reference: bool = False

    @property
    def configuration(self) -> str:
        """What is trained, as the name of a folder: the recipe and what is changed in it.

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
    def work(self) -> tuple[Start, Task, str]:
        """What has to be done: rows of the same work have the same result."""
        return self.start, self.task, self.configuration


@dataclass(frozen=True)
class Table:
    """Rows that answer one question.

    Args:
        name: in tables, figures and `choose`.
        question: for the reader, one sentence.
        rows: in the order of the table; one of them is the reference.
    """

    name: str
    question: str
    rows: tuple[Row, ...]

    @property
    def reference(self) -> Row:
        """The paper's choice."""
        return next(row for row in self.rows if row.is_reference)


def slug(name: str) -> str:
    """Return a name that is good for files and forgiving in comparison.

    >>> slug("other clips, alpha 0.05")
    'other-clips-alpha-0.05'
    """
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
