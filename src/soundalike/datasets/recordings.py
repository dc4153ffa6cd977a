"""Which clips come from one recording.

Segments of a recording share its microphone, its background and often its animal. A model that
trains on some and is tested on others is tested on what it knows, so recordings are never divided.
"""

import numpy as np
import pandas as pd

from soundalike.datasets.identical import first_with_hash


def recordings_of(paths: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Return for each clip the first clip of the same recording, which is usually the clip itself.

    Clips of one file are of one recording, and so are clips with identical audio, whatever their
    files: if a segment of one file is also in another, both files are one recording.

    Shape:
        paths: [clips] of text; hashes: [clips] of `HASH`; result: int64 [clips].
    """
    from scipy.sparse import coo_array  # slow to import
    from scipy.sparse.csgraph import connected_components

    clips = np.arange(len(paths))
    links = np.concatenate([first_of_each(pd.factorize(paths)[0]), first_with_hash(hashes)])
    graph = coo_array((np.ones(len(links), bool), (np.tile(clips, 2), links)), (len(clips),) * 2)
    _, recording = connected_components(graph, directed=False)
    return first_of_each(recording)


def first_of_each(groups: np.ndarray) -> np.ndarray:
    """Return for each clip the first clip of its group: int64 [clips].

    >>> first_of_each(np.array([7, 3, 7, 3, 5]))
    array([0, 1, 0, 1, 4])
    """
    _, first, of_clip = np.unique(groups, return_index=True, return_inverse=True)
    return first[of_clip]
