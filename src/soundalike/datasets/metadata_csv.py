"""Read the metadata tables of public data sets."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import SourceError
from soundalike.datasets.text_table import open_text_table


def read_metadata_csv(source: str, table: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table that describes the clips of a data set, with all values as text.

    The table is also read where another program has saved it with semicolons, tabs or another
    encoding, as long as its values are certain.

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
        text_table = open_text_table(table)
        rows = text_table.read()
    except SourceError as error:
        raise _damaged(table, _without_advice(str(error).removeprefix(f"{table}: "))) from None
    if missing := [column for column in columns if column not in rows]:
        raise _damaged(table, f"no column '{missing[0]}', only {', '.join(map(str, rows))}")
    if not len(rows):
        raise _damaged(table, "it lists no clip")
    for column in columns:
        if (rows[column] == "").any():
            row = int((rows[column] == "").argmax()) + 1
            raise _damaged(table, f"no {column} in row {row}")
        is_ascii = rows[column].map(str.isascii)
        if not text_table.encoding.startswith("utf") and not is_ascii.all():
            row = int((~is_ascii).argmax()) + 1
            raise _damaged(table, f"not UTF-8: letters of {column} in row {row} are uncertain")
    return rows


def _without_advice(message: str) -> str:
    """Return what is wrong with a table, without advice for tables of one's own."""
    reason = message.partition(": ")[0].rstrip(".")
    return reason if reason.count("(") == reason.count(")") else message.rstrip(".")


def _damaged(table: Path, reason: str) -> SourceError:
    return SourceError(f"{table}: damaged ({reason}): unpack it again.")
