"""The text of ``labels.csv``: a row for each label, and what a person decides about it.

Times are in seconds in the recording; a blank start is its start, a blank end its end. Several
labels of a clip are written "rain;wind". The file belongs to the person, who may also edit it in a
spreadsheet. So a change rewrites only the rows that it is about: the other rows, their order and
columns of other names stay as they are, byte by byte.
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.runtime.suggestions import did_you_mean

LABELS = "labels.csv"
COLUMNS = (
    "path", "start_s", "end_s", "label", "suggested", "p_wrong", "decision", "new_label",
)  # fmt: skip
KEEP, RELABEL, DROP = DECISIONS = ("keep", "relabel", "drop")
UNDECIDED = ""
DIGITS = 4  # of a probability
BYTE_ORDER_MARK = "\ufeff"  # which spreadsheets write
BLANK = {"start_s": math.nan, "end_s": math.nan, "p_wrong": 0.0}


class TableError(Exception):
    """The table of labels cannot be used; the one-line message says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Record:
    """A row of the file.

    Args:
        text: as it is in the file, with the end of its line and blank lines that follow.
        cells: its values.
    """

    text: str
    cells: list[str]


@dataclass(frozen=True)
class LabelsText:
    """The content of the file at one moment.

    Args:
        path: the file.
        header: its first row.
        records: its other rows.
    """

    path: Path
    header: Record
    records: list[Record]

    @classmethod
    def read(cls, path: Path) -> "LabelsText":
        """Read the file.

        Raises:
            TableError: it is absent, is no table, or lacks a column.
        """
        try:
            records = _records(path.read_bytes().decode("utf-8"))
        except FileNotFoundError:
            raise TableError(
                f"{path}: there is no such file: write it with `soundalike audit SOURCE --out "
                f"{path.parent}`."
            ) from None
        except UnicodeDecodeError:
            raise TableError(f"{path}: not UTF-8: save it as CSV UTF-8 again.") from None
        except csv.Error as error:
            raise TableError(f"{path}: cannot be read as a table ({error}).") from None
        header = records[0] if records else Record("", [])
        missing = [name for name in COLUMNS if name not in header.cells]
        if missing:
            raise TableError(
                f"{path}: no column {missing[0]!r} (its columns: {', '.join(header.cells)}): an "
                f"audit's table has {', '.join(COLUMNS)}, with commas between them."
            )
        return cls(path, header, records[1:])

    def table(self) -> pd.DataFrame:
        """Return the rows in the order of the file, with the columns `COLUMNS`.

        Times are NaN where they are blank; ``decision`` is one of `DECISIONS` or ``""``.

        Raises:
            TableError: a value is not a number, or no decision.
        """
        texts = {name: self._cells(name) for name in COLUMNS}
        numbers = {name: self._numbers(name, texts[name]) for name in BLANK}
        decisions = self._decisions(texts["decision"])
        new_labels = [text.strip() for text in texts["new_label"]]
        columns = texts | {"decision": decisions, "new_label": new_labels}
        return pd.DataFrame(columns, dtype=object).assign(**numbers)

    def own_columns(self) -> dict[str, list[str]]:
        """Return the texts of the columns that a person has added, by their names."""
        names = [name for name in self.header.cells if name.strip() and name not in COLUMNS]
        return {name: self._cells(name) for name in names}

    def with_cells(self, updates: Mapping[int, Mapping[str, str]]) -> "LabelsText":
        """Return the content with some values changed.

        Args:
            updates: by row, from 0, the new values by column.
        """
        records = [*self.records]
        for row, values in updates.items():
            cells = [*records[row].cells]
            cells += [""] * (len(self.header.cells) - len(cells))
            for name, value in values.items():
                cells[self.header.cells.index(name)] = value
            end = "\r\n" if self.header.text.endswith("\r\n") else "\n"
            records[row] = Record(_line(cells, end), cells)
        return replace(self, records=records)

    def text(self) -> str:
        """Return the content as it is written."""
        return "".join(record.text for record in [self.header, *self.records])

    def _cells(self, name: str) -> list[str]:
        index = self.header.cells.index(name)
        return [record.cells[index] if index < len(record.cells) else "" for record in self.records]

    def _numbers(self, name: str, texts: list[str]) -> NDArray[np.float64]:
        numbers = np.full(len(texts), BLANK[name])
        for row, text in enumerate(texts):
            try:
                number = float(text.strip() or BLANK[name])
            except ValueError:
                raise self._error(row, f"{name} {text!r} is not a number") from None
            numbers[row] = number if math.isfinite(number) else BLANK[name]
        return numbers

    def _decisions(self, texts: list[str]) -> list[str]:
        decisions = [text.strip().lower() for text in texts]
        for row, decision in enumerate(decisions):
            if decision not in (UNDECIDED, *DECISIONS):
                advice = did_you_mean(decision, DECISIONS) or "leave it blank"
                reason = f"decision {texts[row]!r} is none of {', '.join(DECISIONS)}: {advice}"
                raise self._error(row, reason)
        return decisions

    def _error(self, row: int, reason: str) -> TableError:
        """Return the error of a row, which is called by its number in a spreadsheet."""
        return TableError(f"{self.path}, row {row + 2}: {reason}")


def read_rows(path: Path) -> pd.DataFrame:
    """Return the rows of the file as `LabelsText.table` does, and columns that a person has added.

    Raises:
        TableError: it cannot be read.
    """
    text = LabelsText.read(path)
    return text.table().assign(**text.own_columns())


def _records(text: str) -> list[Record]:
    lines = io.StringIO(text, newline="").readlines()  # ends of lines stay as they are
    reader = csv.reader(
        (line.removeprefix(BYTE_ORDER_MARK) if not n else line for n, line in enumerate(lines)),
        strict=True,
    )
    records: list[Record] = []
    n_read = 0
    for cells in reader:
        raw = "".join(lines[n_read : reader.line_num])
        n_read = reader.line_num
        if cells:
            records.append(Record(raw, cells))
        elif records:
            records[-1] = replace(records[-1], text=records[-1].text + raw)
    return records


def _line(cells: list[str], end: str) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=end).writerow(cells)
    return line.getvalue()
