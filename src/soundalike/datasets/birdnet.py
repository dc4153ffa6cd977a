"""BirdNET results: what the model BirdNET-Analyzer detected, in its CSV, R and Kaleidoscope files.

Its tables for Raven and Audacity are read as such.
"""

import os

import pandas as pd

from soundalike.datasets.cells import as_labels, as_seconds, as_text
from soundalike.datasets.columns import name_columns
from soundalike.datasets.text_table import TextTable

_HEADERS = (
    {"start (s)", "end (s)", "common name", "confidence"},
    {"start", "end", "common_name", "confidence"},
    {"offset", "duration", "common_name", "confidence"},
)
_FOLDERS = ("INDIR", "FOLDER", "IN FILE")  # of Kaleidoscope: together they are the path


def recognizes(table: TextTable) -> bool:
    """Tell whether a table of text is a result of BirdNET."""
    names = {name.strip().lower() for name in table.first_rows[0]}
    return any(header <= names for header in _HEADERS)


def read(table: TextTable) -> tuple[pd.DataFrame, list[str]]:
    """Return path, label, start_s and end_s of the detections, and what was assumed."""
    rows = table.read()
    if set(_FOLDERS) <= set(rows):
        parts = zip(*(as_text(rows[name]) for name in _FOLDERS), strict=True)
        rows = rows.drop(columns=list(_FOLDERS)).assign(
            path=[os.path.join(*part) for part in parts]
        )
    named, _ = name_columns(rows)
    labels, notes = as_labels(named["label"])
    start_s = as_seconds(table.path, named["start_s"], table.decimal_comma)
    length_or_end = "end_s" if "end_s" in named else "duration_s"
    end_s = as_seconds(table.path, named[length_or_end], table.decimal_comma)
    if length_or_end == "duration_s":
        end_s = start_s + end_s
    paths = named.get("path", "")
    return pd.DataFrame({"path": paths, "label": labels, "start_s": start_s, "end_s": end_s}), [
        "labels are BirdNET's, of any confidence",
        *notes,
    ]
