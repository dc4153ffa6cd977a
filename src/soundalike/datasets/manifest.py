"""Read a manifest: a table of clips that the user has written."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.clips import SPLITS, ClipTable, Problem, SourceError
from soundalike.runtime.suggestions import nearest_name

MANIFEST_SUFFIXES = frozenset({".csv", ".tsv", ".parquet"})
_KNOWN = ("path", "label", "split", "fold", "start_s", "end_s")
_PATH_WORDS = ("file", "filename", "file_name", "fname", "filepath", "file_path")
_SPLIT_WORDS = {"": "", "val": "validation", "valid": "validation", "dev": "validation"} | {
    split: split for split in SPLITS
}


def read_manifest(manifest: Path) -> ClipTable:
    """Read a CSV, TSV or Parquet table of clips.

    Its columns are `path` and optionally label, split, fold, start_s and end_s. Paths are relative
    to the manifest's own folder. A blank label means unlabeled. Rows whose file is missing and
    rows that repeat an earlier row are left out and become problems.

    Raises:
        SourceError: it is not a table, has no column `path`, or an invalid split or time.
    """
    rows = _read_table(manifest)
    if "path" not in rows:
        raise SourceError(_no_path_column(manifest, rows))
    for column in ("path", "label", "split", "fold"):
        if column in rows:
            rows[column] = rows[column].astype(object).fillna("").astype(str).str.strip()
    for column in ("start_s", "end_s"):
        if column in rows:
            rows[column] = _numbers(manifest, rows[column])
    if "split" in rows:
        rows["split"] = _splits(manifest, rows["split"])
    clips = ClipTable(manifest.stem, rows[[name for name in _KNOWN if name in rows]])

    problems: list[Problem] = []
    keep = np.ones(len(clips), dtype=bool)
    repeated = clips.rows.duplicated(["path", "start_s", "end_s"]).to_numpy()
    exists: dict[str, bool] = {}
    for index, path in enumerate(clips.rows["path"]):
        line = f"{manifest}, row {index + 1}"
        if path not in exists:
            exists[path] = bool(path) and os.path.isfile(manifest.parent / path)
        if not path:
            keep[index] = False
            problems.append(Problem(line, "blank path", f"{line}: no path: fill it in."))
        elif not exists[path]:
            keep[index] = False
            problems.append(
                Problem(path, "missing", f"{path}: no such file ({line}): correct the path.")
            )
        elif repeated[index]:
            keep[index] = False
            problems.append(
                Problem(path, "duplicate row", f"{path}: listed before ({line}): remove one row.")
            )
    clips, n_rows = clips.where(keep), len(clips)
    if not len(clips):
        raise SourceError(
            f"{manifest}: none of its {n_rows} rows names a file that exists; paths are "
            f"relative to {manifest.parent.resolve()}."
        )
    clips.rows["path"] = [str(manifest.parent / path) for path in clips.rows["path"]]
    return ClipTable(clips.name, clips.rows, problems)


def _read_table(manifest: Path) -> pd.DataFrame:
    try:
        if manifest.suffix.lower() == ".parquet":
            return pd.read_parquet(manifest)
        separator = "\t" if manifest.suffix.lower() == ".tsv" else ","
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the header
            return pd.read_csv(
                manifest,
                sep=separator,
                dtype=str,
                index_col=False,
                keep_default_na=False,
                encoding="utf-8-sig",
            )
    except pd.errors.EmptyDataError:
        raise SourceError(f"{manifest}: the file is empty: it needs a column 'path'.") from None
    except pd.errors.ParserWarning:
        raise SourceError(
            f"{manifest}: its first row has more values than the header: put quotes around a value "
            "that holds the separator."
        ) from None
    except (ValueError, OSError) as error:  # pandas' and pyarrow's parsers raise kinds of these
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{manifest}: cannot be read as a table ({reason}).") from None


def _no_path_column(manifest: Path, rows: pd.DataFrame) -> str:
    columns = {str(column).lower(): str(column) for column in rows.columns}
    shown = ", ".join(columns.values())
    if not shown.isprintable():
        return f"{manifest}: cannot be read as a table (it is not text)."
    similar = nearest_name("path", columns) or next((c for c in columns if c in _PATH_WORDS), None)
    hint = f" Rename '{columns[similar]}' to 'path'." if similar else ""
    return f"{manifest}: no column 'path' (its columns: {shown}).{hint}"


def _numbers(manifest: Path, column: pd.Series) -> pd.Series:
    text = column.replace("", np.nan)
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    wrong = numbers.isna() & text.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise SourceError(
            f"{manifest}, row {row + 1}: {column.name} is '{column.iloc[row]}': give seconds."
        )
    return numbers


def _splits(manifest: Path, column: pd.Series) -> pd.Series:
    splits = column.str.lower().map(_SPLIT_WORDS)
    if splits.isna().any():
        row = int(np.flatnonzero(splits.isna())[0])
        raise SourceError(
            f"{manifest}, row {row + 1}: split '{column.iloc[row]}' is not one of "
            f"{', '.join(SPLITS)}."
        )
    return splits
