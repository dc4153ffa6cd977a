"""The labels of a collection's rows, as the page needs them."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from soundalike.explore.collection import MOST_CATEGORIES, Categories, Collection
from soundalike.explore.sounds import Stretch
from soundalike.labeling.label_table import Change, LabelTable, Span


@dataclass
class Statements:
    """The statements in force at one moment.

    Args:
        version: of the table that they are read from.
        names: of the labels, in the order of their first use.
        of_span: the statements about each span: label, value, origin, who and when.
    """

    version: int
    names: list[str]
    of_span: dict[Span, list[dict[str, Any]]] = field(default_factory=dict)


class LabeledRows:
    """The labels that are given to the rows of a collection.

    Args:
        collection: the rows.

    Attributes:
        collection: the rows.
        table: where the labels are stored.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.table = LabelTable(collection.archive.path)
        self._lock = threading.Lock()
        self._latest: Statements | None = None
        self._positions: dict[Span, list[int]] = {}

    def span(self, id: int) -> Span:
        """Return the span of a row.

        Raises:
            NoSuchRowError: there is no such row.
        """
        return self._spans([id])[0]

    def assign(
        self, ids: Iterable[int], label: str, value: bool | None, origin: str
    ) -> Change | None:
        """Say that rows have a label or have it not; see `LabelTable.assign`.

        Raises:
            NoSuchRowError: there is no such row.
        """
        return self.table.assign(self._spans(ids), label, value, origin=origin)

    def assign_stretch(
        self, id: int, stretch: Stretch, label: str, value: bool | None
    ) -> Change | None:
        """Say that a stretch of a row's recording has a label or has it not.

        Raises:
            NoSuchRowError: there is no such row.
        """
        span = Span(self.span(id).recording, stretch.start_s, stretch.end_s)
        return self.table.assign([span], label, value)

    def summary(self) -> dict[str, Any]:
        """Return the labels with their counts, and what undo would take back.

        names: each with `n_yes`, the spans that have the label, and `n_no`, those that have it not.
        undo, redo: the next steps, null if there are none.
        """
        statements = self.statements()
        counts = {name: {True: 0, False: 0} for name in statements.names}
        for said in statements.of_span.values():
            for each in said:
                counts[each["label"]][each["value"]] += 1
        names = [{"name": name, "n_yes": n[True], "n_no": n[False]} for name, n in counts.items()]
        return {
            "names": [each for each in names if each["n_yes"] or each["n_no"]],
            "undo": in_short(self.table.next_undo()),
            "redo": in_short(self.table.next_redo()),
        }

    def categories(self) -> Categories:
        """Name every row by the labels that it has, or else by those that it has not."""
        statements, positions = self.statements(), self._positions_of_spans()
        texts = {
            position: in_words(said)
            for span, said in statements.of_span.items()
            for position in positions.get(span, [])
        }
        used = set(texts.values())
        in_order = dict.fromkeys([*statements.names, *texts.values()])
        names = [name for name in in_order if name in used][:MOST_CATEGORIES]
        code_of = {name: code for code, name in enumerate(names)}
        codes = np.full(len(self.collection), len(names), np.uint16)
        for position, text in texts.items():
            codes[position] = code_of.get(text, len(names))
        return Categories([*names, ""], codes, has_none=True)

    def of_rows(self, ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
        """Return the statements about rows.

        Raises:
            NoSuchRowError: there is no such row.
        """
        ids = list(ids)
        of_span = self.statements().of_span
        spans = self._spans(ids)
        return {id: of_span.get(span, []) for id, span in zip(ids, spans, strict=True)}

    def events(self, id: int, stretch: Stretch) -> list[dict[str, Any]]:
        """Return statements about spans of a row's recording that are not rows themselves.

        Args:
            id: of the row.
            stretch: which the spans overlap.

        Raises:
            NoSuchRowError: there is no such row.
        """
        recording = self.span(id).recording
        rows = self._positions_of_spans()
        return [
            {"start_s": span.start_s, "end_s": span.end_s, **each}
            for span, said in self.statements().of_span.items()
            if span.recording == recording
            and span.start_s < stretch.end_s
            and stretch.start_s < span.end_s
            and span not in rows
            for each in said
        ]

    def statements(self) -> Statements:
        """Return the statements in force, also those of other processes."""
        with self._lock:
            # Names and statements are of one moment if nothing has changed until both are read.
            while self._latest is None or self._latest.version != self.table.version():
                self._latest = self._read()
            return self._latest

    def _read(self) -> Statements:
        latest = Statements(self.table.version(), self.table.names())
        for row in self.table.current().itertuples(index=False):
            recording, start_s, end_s, label, value, origin, who, when = row
            said = {
                "label": label, "value": value, "origin": origin, "who": who, "when": when,
            }  # fmt: skip
            latest.of_span.setdefault(Span(recording, start_s, end_s), []).append(said)
        return latest

    def _spans(self, ids: Iterable[int]) -> list[Span]:
        positions = [self.collection.position(id) for id in ids]
        rows = self.collection.rows[["recording", "start_s", "end_s"]].iloc[positions]
        return list(map(Span._make, rows.itertuples(index=False)))

    def _positions_of_spans(self) -> dict[Span, list[int]]:
        """Return where each span is among the rows; copies of a recording have the same spans."""
        with self._lock:
            if not self._positions:
                rows = self.collection.rows[["recording", "start_s", "end_s"]]
                for position, row in enumerate(rows.itertuples(index=False)):
                    self._positions.setdefault(Span._make(row), []).append(position)
            return self._positions


def in_words(said: list[dict[str, Any]]) -> str:
    """Return the statements about a span as text: the labels that it has, or those it has not.

    >>> in_words([{"label": "owl", "value": True}, {"label": "rain", "value": False}])
    'owl'
    >>> in_words([{"label": "rain", "value": False}])
    'not rain'
    """
    positive = sorted(each["label"] for each in said if each["value"])
    return "; ".join(positive or sorted(f"not {each['label']}" for each in said))


def in_short(change: Change | None) -> dict[str, Any] | None:
    """Return a step for the page: the label, the value, and the number of spans."""
    if change is None:
        return None
    return {"label": change.label, "value": change.value, "n": len(change.spans)}
