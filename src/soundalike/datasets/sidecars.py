"""Tables that lie in a folder of sounds: annotations, and the metadata.csv of Hugging Face."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from soundalike.datasets.annotations import (
    TABLE_SUFFIXES,
    Sounds,
    annotate,
    format_of,
    read_annotations,
)
from soundalike.datasets.clips import ClipTable, Problem, SourceError
from soundalike.datasets.manifest import MANIFEST_SUFFIXES, read_manifest
from soundalike.datasets.text_table import open_text_table
from soundalike.runtime.counts import counted

METADATA = "metadata"
_LARGEST_TABLE = 2**28  # bytes; a larger text is no table of labels


def apply_sidecars(
    root: Path,
    rows: pd.DataFrame,
    tables: Sequence[Path],
    notes: list[str],
    problems: list[Problem],
) -> pd.DataFrame:
    """Return the clips of a folder as the tables in it describe them.

    Args:
        root: the folder.
        rows: path, label, split and fold of each sound in it.
        tables: files that may be tables; others are passed over.
        notes: gets a line for each kind of table that is used, and each that is not.
        problems: gets those of the tables.
    """
    sounds = Sounds(map(Path, rows["path"]))
    annotations: list[ClipTable] = []
    formats: dict[str, int] = {}
    for path in tables:
        try:
            if path.stem.lower() == METADATA:
                clips = read_manifest(path)
                clips.rows["path"] = clips.rows["path"].map(os.path.normpath)
                notes.append(f"clips from {path.relative_to(root)}")
                notes += clips.notes
            elif (clips_or_none := _annotations(path, sounds, formats)) is not None:
                clips = clips_or_none
            else:
                if path.parent == root and path.suffix.lower() in MANIFEST_SUFFIXES:
                    notes.append(f"{path.name} is not used: name it as SOURCE to use it")
                continue
        except SourceError as error:
            notes.append(f"not used: {error}")
            continue
        annotations.append(clips)
        problems += clips.problems
    notes += [f"labels from {counted(n, 'table')}: {name}" for name, n in formats.items()]
    return annotate(rows, annotations, notes) if annotations else rows


def may_be_table(path: Path) -> bool:
    """Tell whether a file in a folder of sounds may be a table about them, by its name."""
    suffix = path.suffix.lower()
    return suffix in TABLE_SUFFIXES or suffix in MANIFEST_SUFFIXES


def _annotations(path: Path, sounds: Sounds, formats: dict[str, int]) -> ClipTable | None:
    """Read a table of annotations; None if it is none."""
    if path.suffix.lower() not in TABLE_SUFFIXES or not path.is_file():  # such as a broken link
        return None
    if path.stat().st_size > _LARGEST_TABLE:
        return None
    try:
        table = open_text_table(path)
    except SourceError:
        return None  # a text of another kind
    format_name = format_of(table)
    if format_name is None:
        return None
    clips = read_annotations(table, sounds)
    formats[format_name] = formats.get(format_name, 0) + 1
    return clips
