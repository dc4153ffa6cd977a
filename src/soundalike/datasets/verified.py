"""What is known about labels: which are right because somebody has listened, and the true ones."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

VERIFIED = "manually_verified"  # the column, as in FSDnoisy18k
TRUE_LABEL = "true_label"  # the column of sounds whose label was made wrong on purpose


def verified_rows(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which labels of a table of clips are verified: true, 1 or yes in its column.

    Shape:
        result: [clips], all False without a column.
    """
    if VERIFIED not in rows:
        return np.zeros(len(rows), dtype=bool)
    texts = rows[VERIFIED].astype(str).str.strip().str.lower()
    return texts.isin(["true", "1", "1.0", "yes"]).to_numpy()
