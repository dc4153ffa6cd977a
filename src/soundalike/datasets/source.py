"""Read a SOURCE, the argument of most commands, into a table of clips."""

import os
import pkgutil
from pathlib import Path

from soundalike.datasets import DATASETS
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.folder import read_folder
from soundalike.datasets.manifest import MANIFEST_SUFFIXES, read_manifest
from soundalike.datasets.store import is_store, open_store
from soundalike.runtime.suggestions import nearest_name


def read_source(source: str | Path) -> ClipTable:
    """List the clips of a folder, a manifest, a data set ``name:root`` or a prepared store.

    Args:
        source: a folder of sounds, a CSV, TSV or Parquet manifest, ``name:root`` with a name of
            `DATASETS`, or a store.

    Raises:
        SourceError: the source does not exist, is of an unknown kind, or contains no clip.
    """
    source = str(source)
    name, colon, root = source.partition(":")
    path = _absolute(source)
    if name in DATASETS and (colon or not path.exists()):
        return pkgutil.resolve_name(DATASETS[name])(root)
    if not source:
        raise SourceError("the source is empty: name a folder of sounds.")
    if is_store(path):
        return open_store(path).clips
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() in MANIFEST_SUFFIXES and path.exists():
        return read_manifest(path)
    if path.exists():
        raise SourceError(
            f"{source}: not a source. Name a folder of sounds, a manifest "
            f"({', '.join(sorted(MANIFEST_SUFFIXES))}) or a data set such as esc10:ROOT."
        )
    if colon and (nearest := nearest_name(name, DATASETS)):
        raise SourceError(f"{source}: no data set '{name}'; did you mean '{nearest}:{root}'?")
    raise SourceError(
        f"{source}: no such file or folder, and none of the data sets {', '.join(DATASETS)}."
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
