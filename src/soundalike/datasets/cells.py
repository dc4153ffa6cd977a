"""The values of a table of clips: labels, times and splits as people write them."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundalike.datasets.clips import SPLITS, SourceError
from soundalike.datasets.split_names import splits_of
from soundalike.runtime.counts import counted

# What pandas, R and spreadsheets write where a value is missing.
MISSING = frozenset(
    {"NA", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "<NA>", "#N/A", "#NA"}
)

LARGEST_WHOLE = 2**53  # from here on, floats leave whole numbers out

# What `classify` writes in its column `class` where a clip has none of the classes.
UNSURE, NONE, SILENT = "unsure", "none of these", "silent"
ANSWER_COLUMNS = {"class", "class_1", "probability_1"}  # of its tables


def as_text(column: pd.Series) -> pd.Series:
    """Return a column of any type as text without spaces at the ends; missing values are "".

    Whole numbers have no decimals: 3 is "3" also where pandas made it 3.0 beside a missing value.
    """
    if pd.api.types.is_float_dtype(column):
        numbers = column.dropna()
        if ((numbers % 1 == 0) & (numbers.abs() < LARGEST_WHOLE)).all():
            column = column.astype("Int64")
    if column.map(_is_list).any():
        column = column.map(lambda value: _joined(value) if _is_list(value) else value)
    return column.astype(object).fillna("").astype(str).str.strip()


def as_labels(column: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return labels as "dog;rain", and lines on what was assumed.

    A word for a missing value is no label. A list such as ['dog', 'rain'] names several classes.
    """
    labels, notes = as_text(column), []
    is_missing = labels.isin(MISSING)
    if is_missing.any():
        words = ", ".join(f"'{word}'" for word in sorted(labels[is_missing].unique()))
        notes.append(f"unlabeled: {counted(int(is_missing.sum()), 'clip')} labeled {words}")
        labels = labels.mask(is_missing, "")
    if labels.str.startswith("[").any():
        labels = labels.map({label: _without_brackets(label) for label in labels.unique()})
    elif (has_comma := labels.str.contains(",")).any():
        example = labels[has_comma].iloc[0]
        notes.append(f"'{example}' is one label: separate several by ';'")
    return labels, notes


def without_answers(labels: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return the labels of a table of `classify`, and a line on those that are no class."""
    is_none = labels.isin([UNSURE, NONE, SILENT])
    words = ", ".join(f"'{word}'" for word in (UNSURE, NONE, SILENT) if (labels == word).any())
    n_none = counted(int(is_none.sum()), "clip")
    notes = [f"unlabeled: {n_none} that classify called {words}"] if words else []
    return labels.mask(is_none, ""), notes


def as_splits(table: Path, column: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return the splits under our names, and a line on what was assumed.

    Raises:
        SourceError: a value is not the name of a split.
    """
    names = as_text(column)
    names = names.mask(names.isin(MISSING), "")
    split_of = splits_of(sorted(names.unique())) | {"": ""}
    splits = names.map(split_of)
    if splits.isna().any():
        row = int(np.flatnonzero(splits.isna())[0])
        raise SourceError(
            f"{table}, row {row + 1}: split '{names.iloc[row]}' is not one of {', '.join(SPLITS)}."
        )
    return splits, renamed_splits(split_of)


def renamed_splits(split_of: dict[str, str]) -> list[str]:
    """Return a line on the names that were taken for splits, if they are not ours.

    >>> renamed_splits({"train": "train", "val": "validation"})
    ['splits: val is validation']
    """
    names = [f"{name} is {split}" for name, split in split_of.items() if name.casefold() != split]
    return [f"splits: {', '.join(names)}"] if names else []


def as_seconds(table: Path, column: pd.Series, decimal_comma: bool = False) -> pd.Series:
    """Return times as float64 seconds, NaN for blank ones.

    Args:
        table: the file, for messages.
        column: the times.
        decimal_comma: If true, "1,5" is one and a half.

    Raises:
        SourceError: a value is not a number.
    """
    text = as_text(column)
    text = text.mask(text.isin(MISSING - {"nan", "NaN", "NAN"}) | (text == ""))
    numbers = text.str.replace(",", ".") if decimal_comma else text
    seconds = pd.to_numeric(numbers, errors="coerce").astype(float)
    wrong = seconds.isna() & text.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise SourceError(
            f"{table}, row {row + 1}: {column.name} is '{text.iloc[row]}': give seconds."
        )
    return seconds


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _joined(values: Iterable[Any]) -> str:
    """Return the values of a list as "dog;rain", without missing ones."""
    return ";".join(
        str(value) for value in values if not (pd.api.types.is_scalar(value) and pd.isna(value))
    )


def _without_brackets(label: str) -> str:
    try:
        names = ast.literal_eval(label) if label.startswith("[") else label
    except (ValueError, SyntaxError):
        return label
    return _joined(names) if isinstance(names, list) else label
