"""The backgrounds of an archive, stored in it if it is large: ``backgrounds.npz``.

To compute them, all vectors are read twice.
"""

from soundalike.archive.backgrounds import LONG_S, Backgrounds
from soundalike.archive.stored_arrays import stored_or_computed
from soundalike.archive.window_archive import WindowArchive

FILE = "backgrounds.npz"


def backgrounds_of(archive: WindowArchive) -> Backgrounds | None:
    """Return the backgrounds of the long recordings of an archive; None if it has none.

    Raises:
        ArchiveError: the archive is damaged.
    """
    if not archive.count(f"duration_s >= {LONG_S}"):
        return None

    def compute() -> Backgrounds:
        return Backgrounds.of(archive)

    return stored_or_computed(archive, FILE, Backgrounds, compute) or None
