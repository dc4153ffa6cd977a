"""How the windows of long recordings vary around their backgrounds.

Gusts, showers and cars move vectors far along a few directions, and events of interest are little
beside that. So these directions count less in a search: a query q becomes (C + s v I)^-1 q, where C
is the covariance of windows around the means of their stretches, v the mean of its diagonal, and s
the shrinkage. This is the direction of linear discriminant analysis between events like q and the
background. Without the shrinkage all directions would count alike, most of which are noise.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds

if TYPE_CHECKING:
    from soundalike.archive.window_archive import WindowArchive

SHRINKAGE = 20.0
MOST_ROWS = 20_000  # more say no more, and take longer


def variation(archive: "WindowArchive", backgrounds: Backgrounds) -> NDArray[np.float64]:
    """Return the covariance of the rows of an archive around the means of their stretches.

    Args:
        archive: the archive, of whose rows `MOST_ROWS` are read, evenly spaced.
        backgrounds: of its rows.

    Shape:
        result: [dim, dim].

    Raises:
        ArchiveError: the archive is damaged.
    """
    step = -(-len(backgrounds.ids) // MOST_ROWS)
    ids, vectors = archive.vectors(f"id % {step} = 0" if step > 1 else None)
    stretches = backgrounds.of_rows(ids)
    is_long = stretches >= 0
    differences = vectors[is_long] - backgrounds.means[stretches[is_long]]
    products = differences.T @ differences
    return products.astype(np.float64) / max(1, len(differences))


def discounted(vector: NDArray[np.float32], covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a query in which directions count less the more the background varies along them.

    Shape:
        vector, result: [dim]; covariance: [dim, dim].
    """
    dim = len(covariance)
    mean_variance = max(float(np.trace(covariance)) / dim, 1e-12)
    shrunk = covariance + SHRINKAGE * mean_variance * np.eye(dim)
    return np.linalg.solve(shrunk / mean_variance, vector.astype(np.float64)).astype(np.float32)
