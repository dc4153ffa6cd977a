"""Read a SOURCE, the argument of most commands, into a table of clips."""

import dataclasses
import os
import pkgutil
from pathlib import Path

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets import DATASETS, TABLE_FORMATS
from soundalike.datasets.annotations import TABLE_SUFFIXES, format_of, read_annotations
from soundalike.datasets.clips import Clip, ClipTable, SourceError, problem_of_name
from soundalike.datasets.columns import our_name
from soundalike.datasets.folder import read_folder
from soundalike.datasets.folder_names import LabelDepth
from soundalike.datasets.manifest import MANIFEST_SUFFIXES, read_manifest, table_of_text
from soundalike.datasets.path_list import LIST_SUFFIXES, names_a_file, read_glob, read_list
from soundalike.datasets.store import is_store, open_store
from soundalike.datasets.text_table import open_text_table
from soundalike.datasets.webdataset import TAR, names_tars, read_tars, tars_of
from soundalike.runtime.suggestions import nearest_name

SPREADSHEETS = frozenset({".xlsx", ".xls", ".ods", ".numbers"})
COMPRESSED = frozenset({".gz", ".tgz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar"})


def read_source(source: str | os.PathLike[str], label_depth: LabelDepth | None = None) -> ClipTable:
    """List the clips of a source.

    Args:
        source: a folder of sounds, a sound, a glob such as "sounds/*/*.wav", a text file of paths,
            a manifest, a table in a format of `TABLE_FORMATS`, WebDataset tars (one, a folder of
            them, or a pattern such as "birds-{000..099}.tar"), ``name:root`` with a name of
            `DATASETS`, or a store.
        label_depth: of a folder or a glob, which level of folders is the label: 1, 2 ... or
            "deepest"; by default the first that is no split or fold.

    Raises:
        SourceError: the source does not exist, is of an unknown kind, or contains no clip; or
            `label_depth` does not fit it.
    """
    source = os.fspath(source)
    path = _absolute(source)
    if named := _name_and_root(source):
        name, root = named
        clips = pkgutil.resolve_name(DATASETS[name])(root)
        is_folder = bool(root) and _absolute(root).is_dir()
        return dataclasses.replace(clips, root=str(_absolute(root)) if is_folder else "")
    if not source:
        raise SourceError("the source is empty: name a folder of sounds.")
    if path.is_dir() and not is_store(path):
        clips = read_folder(path, label_depth)
        return dataclasses.replace(clips, root=clips.root or str(path))
    if label_depth is not None and (path.exists() or names_tars(source)):
        raise SourceError(f"{source}: --label_depth is for folders of sounds and patterns.")
    if is_store(path):
        return open_store(path).clips
    if names_tars(source) and (path.exists() or any(sign in source for sign in "{*?[")):
        return read_tars(source, [path] if path.exists() else tars_of(str(path)))
    if path.exists():
        return dataclasses.replace(_read_file(source, path), root=str(path.parent))
    if any(sign in source for sign in "*?["):
        return read_glob(str(path), label_depth)
    if "://" in source:
        raise SourceError(
            f"{source}: sounds are read from files: copy them, or mount the storage, and name the "
            "folder. An archive whose tables are at an address is named by its folder, too."
        )
    name, colon, root = source.partition(":")
    if colon and (nearest := nearest_name(name, DATASETS)):
        raise SourceError(f"{source}: no data set '{name}'; did you mean '{nearest}:{root}'?")
    raise SourceError(
        f"{source}: no such file or folder, and none of the data sets {', '.join(DATASETS)}."
    )


def is_one_sound(source: str | os.PathLike[str]) -> bool:
    """Return whether a source is a sound file, or a missing one, and not several clips."""
    name, _, _ = os.fspath(source).partition(":")
    path = _absolute(os.fspath(source))
    if path.is_dir():
        return False
    if path.exists():
        return path.suffix.lower() not in MANIFEST_SUFFIXES | TABLE_SUFFIXES | LIST_SUFFIXES | {TAR}
    return name not in DATASETS and not any(sign in os.fspath(source) for sign in "*?[{")


def place_of(source: str) -> str:
    """Return a source as it is named from every folder, with absolute paths."""
    if named := _name_and_root(source):
        name, root = named
        return f"{name}:{_absolute(root)}" if root and _absolute(root).is_dir() else source
    return str(_absolute(source))


def _name_and_root(source: str) -> tuple[str, str] | None:
    """Return the name and the root of a data set of `DATASETS`; None for any other source."""
    name, colon, root = source.partition(":")
    is_named = name in DATASETS and (colon or not _absolute(source).exists())
    return (name, root) if is_named else None


def _read_file(source: str, path: Path) -> ClipTable:
    suffix, hint = path.suffix.lower(), ""
    if suffix in AUDIO_SUFFIXES:
        if problem := problem_of_name(path):
            raise SourceError(problem.message)
        return ClipTable.of(path.name, [Clip(str(path))])
    if suffix in (".parquet", ".jsonl"):
        return read_manifest(path)
    if suffix in TABLE_SUFFIXES | LIST_SUFFIXES:
        table = open_text_table(path)
        if format_name := format_of(table):
            clips = read_annotations(table)
            if not len(clips):
                raise SourceError(f"{source}: {format_name} without a row: there is no clip in it.")
            return clips
        if (listed := read_list(table)) is not None:
            return listed
        if suffix in MANIFEST_SUFFIXES or our_name(table.first_rows[0][0]):
            return table_of_text(table)
        if not names_a_file(table):
            hint = " Of a text file of paths, no line is an existing path."
    if suffix in SPREADSHEETS:
        raise SourceError(f"{source}: a spreadsheet: save it as CSV, and name that.")
    if suffix in COMPRESSED:
        raise SourceError(
            f"{source}: compressed: unpack it, and name the folder or the .tar in it."
        )
    raise SourceError(
        f"{source}: not a source. Name a folder of sounds, a sound, a text file of paths, a "
        f"manifest ({', '.join(sorted(MANIFEST_SUFFIXES))}), {', '.join(TABLE_FORMATS)}, or a data "
        f"set such as esc10:ROOT.{hint}"
    )


def data_set_root(name: str, root: str) -> Path:
    """Return the folder of a data set, from the part after ``name:``.

    Raises:
        SourceError: the root is missing or not a folder.
    """
    if not root:
        raise SourceError(f"{name}: the folder of the data set is missing: write {name}:ROOT.")
    folder = _absolute(root)
    if not folder.is_dir():
        raise SourceError(f"{name}:{root}: {root} is not a folder.")
    return folder


def _absolute(path: str) -> Path:
    """Return the absolute path, without resolving links."""
    return Path(os.path.abspath(os.path.expanduser(path)))
