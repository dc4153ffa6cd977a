"""Labels that a data set calls verified, as a check of an audit.

FSDnoisy18k lists which clips somebody has listened to (`datasets.verified`). Their labels
are right, which the audit is not told: it should suspect hardly any of them.
"""

import numpy as np
from numpy.typing import NDArray

from soundalike.audit.confusion_table import THRESHOLD
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.verified import VERIFIED, verified_rows

FEWEST = 20  # clips of either kind that are worth a sentence


def check_by_verified(clips: ClipTable, p_wrong: NDArray[np.floating]) -> str:
    """Return how many verified labels an audit suspects, and how many others; "" without a column.

    Args:
        clips: the clips; verified are those with true, 1 or yes in the column.
        p_wrong: probability that each label is wrong.

    Shape:
        p_wrong: [clips].
    """
    if VERIFIED not in clips.rows:
        return ""
    is_verified = verified_rows(clips.rows)
    if min(is_verified.sum(), (~is_verified).sum()) < FEWEST:
        return ""
    is_suspicious = p_wrong > THRESHOLD
    verified, others = is_suspicious[is_verified], is_suspicious[~is_verified]
    return (
        f"Of {len(verified):,} verified labels, {verified.sum():,} look wrong "
        f"({verified.mean():.1%}); of the {len(others):,} others, {others.sum():,} "
        f"({others.mean():.1%})."
    )
