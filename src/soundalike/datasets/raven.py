"""Raven selection tables: a row for each box that was drawn in a spectrogram.

K. Lisa Yang Center for Conservation Bioacoustics, Raven Pro. BirdNET writes them too.
"""

import pandas as pd

from soundalike.datasets.cells import as_labels, as_seconds
from soundalike.datasets.clips import SourceError
from soundalike.datasets.columns import name_columns
from soundalike.datasets.text_table import TextTable
from soundalike.runtime.counts import counted

BEGIN, END, OFFSET = "begin time (s)", "end time (s)", "file offset (s)"


def recognizes(table: TextTable) -> bool:
    """Tell whether a table of text is a Raven selection table."""
    return {"selection", BEGIN, END} <= {name.strip().lower() for name in table.first_rows[0]}


def read(table: TextTable) -> tuple[pd.DataFrame, list[str]]:
    """Return path, label, start_s and end_s of the selections, and what was assumed.

    The label is in a column of the user's, such as Species or Annotation. A selection that is
    listed once for the waveform and once for the spectrogram comes once.

    Raises:
        SourceError: the times count from the first of several files.
    """
    rows = table.read(is_plain=True)
    rows.columns = [name.strip() for name in rows.columns]
    by_name = {name.lower(): rows[name] for name in rows.columns}
    start_s, end_s = (
        as_seconds(table.path, by_name[name], table.decimal_comma) for name in (BEGIN, END)
    )
    paths = by_name.get("begin path", by_name.get("begin file", pd.Series("", rows.index)))
    if OFFSET in by_name:
        offset_s = as_seconds(table.path, by_name[OFFSET], table.decimal_comma)
        start_s, end_s = offset_s, offset_s + (end_s - start_s)
    elif paths.nunique() > 1:
        raise SourceError(
            f"{table.path}: its times count from the first of {counted(paths.nunique(), 'file')}: "
            "export the column 'File Offset (s)' too."
        )
    named, _ = name_columns(rows)
    labels, notes = pd.Series("", rows.index), [f"{table.path.name}: no column of labels"]
    if "label" in named:
        labels, notes = as_labels(named["label"])
    selections = pd.DataFrame({"path": paths, "label": labels, "start_s": start_s, "end_s": end_s})
    return selections.drop_duplicates(), notes
