"""The table of predictions: which classes each test clip got."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.store import Store

# Before the predictions.
CLIP_COLUMNS = ["path", "start_s", "end_s", "label", "split", "fold"]


def predictions(
    store: Store, tested: NDArray[np.int64], scores: Mapping[tuple[str, str], NDArray[np.floating]]
) -> pd.DataFrame:
    """Return the predicted classes of the test clips, a column for each row of the table of scores.

    Args:
        store: the labeled clips.
        tested: positions of the test clips.
        scores: their class scores by protocol and representation.

    Shape:
        tested: [test clips]; each of the scores: [test clips, classes].
    """
    labels = store.clips.labels()
    names = np.array(labels.classes)
    columns = {
        f"{protocol}, {representation}": [";".join(names[row]) for row in of_clips >= 0.5]
        if labels.is_multi_label
        else names[of_clips.argmax(axis=1)]
        for (protocol, representation), of_clips in scores.items()
    }
    rows = store.clips.rows.iloc[tested]
    return rows[CLIP_COLUMNS].assign(**columns)
