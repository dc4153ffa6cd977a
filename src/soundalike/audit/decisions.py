"""What a person decides about the labels of an audit: made, taken back, learned from."""

import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from soundalike.audit.labels_table import LabelsTable, Mark
from soundalike.audit.labels_text import DECISIONS, KEEP, RELABEL, UNDECIDED
from soundalike.datasets.labels import classes_of
from soundalike.labeling.label_name import SEPARATOR, label_name
from soundalike.runtime.lock import InUseError

Refit = Callable[[pd.DataFrame], pd.DataFrame]


class DecisionError(Exception):
    """There is no such decision; the one-line message says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Step:
    """A decision that can be taken back: its row, and the values before."""

    number: int
    before: dict[str, str]


class Decisions:
    """The decisions in a table of labels, which is where they are stored.

    Args:
        path: of ``labels.csv``.

    Attributes:
        table: the table.
        steps: by name of the table, the decisions of this session, which can be taken back.

    Raises:
        TableError, InUseError: as in `LabelsTable`.
    """

    def __init__(self, path: Path) -> None:
        self.table = LabelsTable(path)
        self.steps: dict[str, list[Step]] = {}
        self._learning = threading.Lock()

    def decide(self, mark: Mark, number: int, decision: str, new_label: str = "") -> None:
        """Write a decision about a row.

        Args:
            mark: the latest moment that the page knows.
            number: of the row, from 0.
            decision: one of `DECISIONS`; "" to withdraw it.
            new_label: for "relabel"; by default the suggested one.

        Raises:
            DecisionError: there is no such decision.
            LabelError: a label cannot have this name.
            NoSuchRowError: there is no such row.
            OutdatedError, TableError, InUseError, OSError: as in `LabelsTable`; nothing has been
                written.
        """
        with self.table.writing(mark) as rows:
            row = self.table.row(number)
            values = _checked(row, decision, new_label, rows)
            before = {name: str(row[name]) for name in values}
            if values != before:
                self.table.write({number: values})
                self.steps.setdefault(mark.table, []).append(Step(number, before))

    def undo(self, mark: Mark) -> int | None:
        """Take back the latest decision; return the number of its row, None if there is none.

        Raises:
            OutdatedError, TableError, InUseError, OSError: as in `decide`.
        """
        with self.table.writing(mark):
            if not (steps := self.steps.get(mark.table)):
                return None
            step = steps[-1]
            self.table.write({step.number: step.before})
            steps.pop()
            return step.number

    def learn(self, refit: Refit) -> int:
        """Write new probabilities of the undecided rows; return how many there are.

        Args:
            refit: from all rows to those that are undecided, with the columns ``p_wrong`` and, if
                they may change, ``suggested``. Rows that were decided meanwhile are left alone.

        Raises:
            InUseError: it is learning already, or another run is at work in the folder.
            OutdatedError, TableError, OSError: as in `decide`.
        """
        if not self._learning.acquire(blocking=False):
            raise InUseError("it is learning from your decisions already: wait until it ends.")
        try:
            mark, rows = self.table.rows()
            names = {"p_wrong", "suggested"}
            updates = refit(rows)
            updates = updates[[name for name in updates.columns if name in names]]
            with self.table.writing(mark) as rows:
                is_open = rows["decision"] == UNDECIDED
                updates = updates[updates.index.isin(rows.index[is_open])]
                self.table.write(
                    {int(row): _texts(values) for row, values in updates.to_dict("index").items()}
                )
            return len(updates)
        finally:
            self._learning.release()


def _checked(row: pd.Series, decision: str, new_label: str, rows: pd.DataFrame) -> dict[str, str]:
    """Return the values that a decision writes; relabeling a clip with its own label keeps it."""
    if decision not in (UNDECIDED, *DECISIONS):
        raise DecisionError(f"{decision!r} is none of {', '.join(DECISIONS)}.")
    if decision != RELABEL:
        return {"decision": decision, "new_label": ""}
    names = (new_label or row["suggested"]).split(SEPARATOR)
    if names == [""]:
        raise DecisionError("the audit suggests none of the classes: choose one, or drop the clip.")
    known = _class_names(rows)
    label = SEPARATOR.join(known.get(_composed(name)) or label_name(name) for name in names)
    if label == row["label"]:
        return {"decision": KEEP, "new_label": ""}
    return {"decision": RELABEL, "new_label": label}


def _class_names(rows: pd.DataFrame) -> dict[str, str]:
    """Return the classes of a table as it writes them, by how `_composed` does."""
    labels = {text for name in ("label", "suggested", "new_label") for text in rows[name].unique()}
    return {_composed(name): name for label in labels for name in classes_of(label)}


def _composed(name: str) -> str:
    """Return a name with its letters written in one way.

    The table may write them in another way, such as the decomposed letters of macOS: written as by
    `label_name`, a class would become a second one that looks the same.
    """
    return " ".join(unicodedata.normalize("NFC", name).split())


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """Return values as they are written."""
    return {
        name: f"{value:.6g}" if name == "p_wrong" else str(value) for name, value in values.items()
    }
