"""How the windows of long recordings vary around their backgrounds.

Gusts, showers and cars move vectors far along a few directions, and events of interest are little
beside that. So these directions count less in a search: a query q becomes (C + s v I)^-1 q, where C
is the covariance of windows around the means of their stretches, v the mean of its diagonal, and s
the shrinkage. This is the direction of linear discriminant analysis between events like q and the
background. Without the shrinkage all directions would count alike, most of which are noise.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import LONG_S, Backgrounds
from soundalike.archive.stored_arrays import stored_or_computed

if TYPE_CHECKING:
    from soundalike.archive.window_archive import WindowArchive

FILE = "variation.npz"
SHRINKAGE = 20.0
MOST_ROWS = 20_000  # more say no more, and take longer
FEWEST_ROWS = 500  # of fewer, the events would be much of the variation; then nothing is discounted


@dataclass(frozen=True)
class Variation:
    """How the rows of an archive vary around the means of their stretches.

    Args:
        ids: of all rows, in increasing order.
        covariance: of the rows of long recordings, or of `MOST_ROWS` of them, evenly spaced; zeros
            if there are few.

    Shape:
        ids: [rows]; covariance: [dim, dim].
    """

    ids: NDArray[np.int64]
    covariance: NDArray[np.float32]

    @classmethod
    def of(cls, archive: "WindowArchive", backgrounds: Backgrounds) -> "Variation":
        """Return how the rows of an archive vary around their backgrounds.

        Raises:
            ArchiveError: the archive is damaged.
        """
        every = int((backgrounds.stretches >= 0).sum()) // (MOST_ROWS + 1) + 1
        ids, vectors = archive.vectors(f"duration_s >= {LONG_S} AND id % {every} = 0")
        stretches = backgrounds.of_rows(ids)
        is_long = stretches >= 0
        differences = vectors[is_long] - backgrounds.means[stretches[is_long]]
        if len(differences) < FEWEST_ROWS:
            differences = differences[:0]
        covariance = differences.T @ differences / max(1, len(differences))
        return cls(backgrounds.ids, covariance.astype(np.float32))

    def fits(self, dim: int) -> bool:
        """Return whether the arrays fit vectors of this size."""
        return self.ids.ndim == 1 and self.covariance.shape == (dim, dim)

    def discounted(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a query in which directions count less the more the background varies along them.

        Shape:
            query, result: [dim].
        """
        covariance = self.covariance.astype(np.float64)
        mean_variance = max(float(covariance.trace()) / len(covariance), 1e-12)
        shrunk = covariance / mean_variance + SHRINKAGE * np.eye(len(covariance))
        return np.linalg.solve(shrunk, query.astype(np.float64)).astype(np.float32)


def variation_of(archive: "WindowArchive", backgrounds: Backgrounds) -> Variation:
    """Return how the rows of an archive vary, stored in it if it is large.

    Raises:
        ArchiveError: the archive is damaged.
    """

    def compute() -> Variation:
        return Variation.of(archive, backgrounds)

    if archive.count() != len(backgrounds.ids):  # rows have come or gone since
        return compute()
    return stored_or_computed(archive, FILE, Variation, compute)
