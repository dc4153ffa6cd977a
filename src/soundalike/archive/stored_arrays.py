"""Arrays that are computed from all rows of an archive, and stored in it unless it is small.

They are those of one version of the table of rows: after rows have been added, they are computed
anew. Their files can be deleted. A file holds the arrays of a dataclass, and

version    of the table of rows
model      fingerprint of the model
"""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundalike.archive.window_archive import WindowArchive
from soundalike.runtime.atomic import atomic_write, remove_partial_files
from soundalike.runtime.lock import InUseError, locked_file

FEWEST_ROWS = 10_000  # of fewer rows, they are computed in half a second, and not stored


class Arrays(Protocol):
    """A dataclass of arrays, among them the ids of the rows."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of the rows, in increasing order."""

    def fits(self, dim: int) -> bool:
        """Return whether the arrays fit each other and vectors of this size."""


Kind = TypeVar("Kind", bound=Arrays)


def stored_or_computed(
    archive: WindowArchive, file: str, kind: type[Kind], compute: Callable[[], Kind]
) -> Kind:
    """Return the arrays of an archive as it is now; compute and store them if need be.

    Args:
        archive: the archive.
        file: name of the file in its folder.
        kind: the dataclass.
        compute: returns the arrays.

    Raises:
        ArchiveError: the archive is damaged.
    """
    version = _version(archive)
    arrays = _read(archive, file, kind, version)
    if arrays is None:
        arrays = compute()
        if len(arrays.ids) >= FEWEST_ROWS and _are_of(arrays, archive, version):
            with contextlib.suppress(OSError, InUseError):  # what cannot be stored is used, too
                write_arrays(archive, file, version=version, **vars(arrays))
    return arrays


def _are_of(arrays: Arrays, archive: WindowArchive, version: int) -> bool:
    """Return whether arrays are of the rows of a version: they may be of rows replaced since."""
    ids = archive.rows(columns=["id"])["id"]
    return version == _version(archive) and np.array_equal(arrays.ids, ids)


def _version(archive: WindowArchive) -> int:
    return archive.row_table.version if archive.row_table is not None else 0


def write_arrays(archive: WindowArchive, file: str, **arrays: ArrayLike) -> None:
    """Store arrays in the folder of an archive, with the fingerprint of its model.

    What a killed process has left of the file is deleted.

    Raises:
        InUseError: another process is writing the file.
        OSError: it cannot be written.
    """
    with locked_file(archive.path / file):
        remove_partial_files(archive.path / file)
        with atomic_write(archive.path / file) as path, path.open("wb") as stream:
            np.savez(stream, allow_pickle=False, model=np.array(archive.head.model), **arrays)


def _read(archive: WindowArchive, file: str, kind: type[Kind], version: int) -> Kind | None:
    """Return the stored arrays of a version; None if there are none that can be used."""
    try:
        with np.load(archive.path / file, allow_pickle=False) as content:
            if (int(content["version"]), str(content["model"])) != (version, archive.head.model):
                return None
            names = [field.name for field in dataclasses.fields(kind)]
            arrays = kind(**{name: content[name] for name in names})
        return arrays if arrays.fits(archive.head.dim) else None
    except Exception:  # whatever a damaged file causes; they are computed anew
        return None
