"""Read the metadata tables of public data sets."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import SourceError


def read_metadata_csv(source: str, table: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV table that describes the clips of a data set, with all values as text.

    Args:
        source: the source as the user named it, for messages.
        table: the file.
        columns: required columns, with a value in every row; others are allowed.

    Raises:
        SourceError: the table is missing or damaged, or lists no clip.
    """
    if not table.is_file():
        raise SourceError(f"{source}: {table} is missing: unpack {table.parent.name} here.")
    try:
        rows = pd.read_csv(table, dtype=str, index_col=False, keep_default_na=False).fillna("")
    except (ValueError, OSError) as error:  # the base classes of what pandas raises
        raise _damaged(table, str(error).partition("\n")[0]) from None
    if missing := [column for column in columns if column not in rows]:
        raise _damaged(table, f"no column '{missing[0]}'")
    if not len(rows):
        raise _damaged(table, "it lists no clip")
    for column in columns:
        if (rows[column] == "").any():
            row = int((rows[column] == "").argmax()) + 1
            raise _damaged(table, f"no {column} in row {row}")
    return rows


def _damaged(table: Path, reason: str) -> SourceError:
    return SourceError(f"{table}: damaged ({reason}): unpack it again.")
