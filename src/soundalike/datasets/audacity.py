"""Audacity labels: start, end and text of each label, separated by tabs, without a header."""

import pandas as pd

from soundalike.datasets.cells import as_labels, as_seconds
from soundalike.datasets.text_table import TextTable

FREQUENCIES = "\\"  # begins a line with the frequencies of the label above


def recognizes(table: TextTable) -> bool:
    """Tell whether a table of text is a label track that Audacity has exported."""
    if table.separator != "\t":
        return False
    return all(
        row[0] == FREQUENCIES or (2 <= len(row) <= 4 and all(map(_is_number, row[:2])))
        for row in table.first_rows
    )


def read(table: TextTable) -> tuple[pd.DataFrame, list[str]]:
    """Return path, label, start_s and end_s of the labels, and what was assumed."""
    rows = table.read(["start_s", "end_s", "label", "confidence"], is_plain=True)
    rows = rows[rows["start_s"] != FREQUENCIES].reset_index(drop=True)
    labels, notes = as_labels(rows["label"])
    start_s, end_s = (
        as_seconds(table.path, rows[column], table.decimal_comma) for column in ("start_s", "end_s")
    )
    return pd.DataFrame({"path": "", "label": labels, "start_s": start_s, "end_s": end_s}), notes


def _is_number(text: str) -> bool:
    return text.strip().replace(",", ".", 1).replace(".", "", 1).isdecimal()
