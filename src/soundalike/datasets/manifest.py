"""Read a manifest: a table of clips that the user has written."""

import json
import os
from pathlib import Path

import pandas as pd

from soundalike.datasets.cells import (
    ANSWER_COLUMNS,
    as_labels,
    as_seconds,
    as_splits,
    as_text,
    without_answers,
)
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.columns import name_columns
from soundalike.datasets.parquet import read_parquet
from soundalike.datasets.rows import divided_recordings, existing_rows, join_rows
from soundalike.datasets.text_table import TextTable, open_text_table

MANIFEST_SUFFIXES = frozenset({".csv", ".tsv", ".parquet", ".jsonl"})


def read_manifest(manifest: Path) -> ClipTable:
    """Read a table of clips: CSV, TSV, Parquet or JSON lines.

    Its columns are `path` and optionally label, split, fold, start_s and end_s, or what they are
    usually called (see `USUAL_NAMES`). Paths are relative to the manifest's own folder. A blank
    label means unlabeled. Rows of the same clip with different labels are one clip with several.
    Rows whose file is missing and rows that add nothing to an earlier one become problems.

    Raises:
        SourceError: it is not a table, has no column of paths, or an invalid split or time.
    """
    if manifest.suffix.lower() in (".parquet", ".jsonl"):
        return table_of_rows(manifest, _read_typed(manifest))
    return table_of_text(open_text_table(manifest))


def table_of_text(table: TextTable) -> ClipTable:
    """Return the clips of a manifest of text, as `read_manifest` does."""
    clips = table_of_rows(table.path, table.read(), table.decimal_comma)
    return ClipTable(clips.name, clips.rows, clips.problems, [*table.notes, *clips.notes])


def table_of_rows(manifest: Path, rows: pd.DataFrame, decimal_comma: bool = False) -> ClipTable:
    """Return the clips of the rows of a manifest, as `read_manifest` does.

    Args:
        manifest: the file that they come from.
        rows: its rows, with columns as they are there.
        decimal_comma: If true, "1,5" in a column of times is one and a half.
    """
    is_of_classify = set(rows.columns) >= ANSWER_COLUMNS
    rows, notes = _named(manifest, rows.reset_index(drop=True))
    for column in ("path", "fold"):
        if column in rows:
            rows[column] = as_text(rows[column])
    if "label" in rows:
        rows["label"], label_notes = as_labels(rows["label"])
        notes += label_notes
    if is_of_classify:
        rows["label"], answer_notes = without_answers(rows["label"])
        notes += answer_notes
    if "split" in rows:
        rows["split"], split_notes = as_splits(manifest, rows["split"])
        notes += split_notes
    rows = _with_times(manifest, rows, decimal_comma)
    rows, problems = existing_rows(manifest, rows, notes)
    rows, repeated = join_rows(manifest, rows, notes)
    notes += divided_recordings(rows)
    problems |= repeated
    return ClipTable(manifest.stem, rows, [problems[row] for row in sorted(problems)], notes)


def clips_of_table(rows: pd.DataFrame) -> ClipTable:
    """Return a clip for each row of a table in memory, in their order.

    Its columns are those of a manifest. Paths are relative to the working directory, and files are
    not looked for.

    Raises:
        SourceError: it has no column of paths, or an invalid time.
    """
    name = Path("table")
    rows, notes = _named(name, rows.reset_index(drop=True))
    for column in ("path", "label", "split", "fold"):
        if column in rows:
            rows[column] = as_text(rows[column])
    return ClipTable("table", _with_times(name, rows, decimal_comma=False), notes=notes)


def _read_typed(manifest: Path) -> pd.DataFrame:
    """Read a table that is not plain text, so its values have types."""
    try:
        if manifest.suffix.lower() == ".parquet":
            return read_parquet(manifest)
        return _read_json_lines(manifest)
    except (ValueError, OSError) as error:  # the parsers of pyarrow and Python raise kinds of these
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{manifest}: cannot be read as a table ({reason}).") from None


def _read_json_lines(manifest: Path) -> pd.DataFrame:
    """Read JSON lines; pandas would take some columns, such as start_time, for dates."""
    rows = []
    with manifest.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no JSON object")
            if "\\ud" in line.lower() and not _is_utf8(row):
                raise ValueError(f"line {number} has text that is not UTF-8")
            rows += [row] if row else []
    return pd.DataFrame(rows)


def _is_utf8(row: dict) -> bool:
    """Return whether its text is UTF-8: of file names that are not, Python writes surrogates."""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(manifest: Path, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns that we know, under our names; `path` is one of them."""
    named, notes = name_columns(rows)
    if "path" in named:
        return named, notes
    columns = [str(column) for column in rows.columns]
    if any(_is_file(manifest.parent, name) for name in columns):
        raise SourceError(
            f"{manifest}: its first row names a file and not the columns: write a header such as "
            "path,label above it."
        )
    if path_column := _column_of_files(manifest.parent, rows):
        named, notes = name_columns(rows.rename(columns={path_column: "path"}))
        return named, [f"path from column '{path_column}'", *notes]
    raise SourceError(
        f"{manifest}: no column 'path' (its columns: {', '.join(map(str.strip, columns))}): name "
        "the column of file names 'path'."
    )


def _column_of_files(folder: Path, rows: pd.DataFrame) -> str | None:
    """Return the only column whose first values are files, None if there is no such column."""
    first = rows.head(5)
    columns = [
        str(column)
        for column in rows.columns
        if len(rows) and all(_is_file(folder, str(value)) for value in first[column])
    ]
    return columns[0] if len(columns) == 1 else None


def _is_file(folder: Path, name: str) -> bool:
    return bool(name.strip()) and os.path.isfile(folder / name.strip())


def _with_times(manifest: Path, rows: pd.DataFrame, decimal_comma: bool) -> pd.DataFrame:
    """Return the rows with start_s and end_s as numbers; a duration is turned into an end."""
    for column in ("start_s", "end_s", "duration_s"):
        if column in rows and not (column == "duration_s" and "end_s" in rows):
            rows[column] = as_seconds(manifest, rows[column], decimal_comma)
    if "duration_s" in rows and "start_s" in rows and "end_s" not in rows:
        rows["end_s"] = rows["start_s"] + rows["duration_s"]
    return rows.drop(columns="duration_s", errors="ignore")
