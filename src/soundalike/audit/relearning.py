"""Learn from decisions while a person decides."""

from collections.abc import Sequence

import pandas as pd

from soundalike.audit.audited_clips import AuditedClips
from soundalike.audit.duplicates import join_recordings
from soundalike.audit.judgment import judge
from soundalike.audit.labels_file import keys
from soundalike.datasets.near_duplicates import NearDuplicate
from soundalike.downstream.clip_vectors import ClipVectors, clip_vectors


class Relearning:
    """Finds wrong labels once more, with what has been decided.

    Args:
        labeled: the clips of the audit.
        parts: what clips share, which makes them one recording, as in the audit.
        seed: random seed of the folds.
    """

    def __init__(
        self, labeled: AuditedClips, parts: Sequence[NearDuplicate] = (), seed: int = 0
    ) -> None:
        clips = keys(labeled.store.clips.rows)
        self.positions = {key: position for position, key in enumerate(clips)}
        self.vectors = clip_vectors(labeled.features)
        self.recordings = join_recordings(labeled.features.recordings, parts)
        self.seed = seed

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``p_wrong`` and ``suggested`` of the undecided rows of a table of labels.

        Rows of clips or labels that the source does not have take no part.
        """
        rows = rows[[key in self.positions for key in keys(rows)]]
        if not len(rows):
            return pd.DataFrame({"p_wrong": [], "suggested": []}, rows.index)
        order = [self.positions[key] for key in keys(rows)]
        vectors = ClipVectors(self.vectors.vectors[order], self.vectors.background)
        table = rows.reset_index(drop=True)
        judgment = judge(vectors, table, self.recordings[order], self.seed)
        values = pd.DataFrame(
            {"p_wrong": judgment.p_wrong, "suggested": judgment.suggested}, rows.index
        )
        return values[(rows["decision"] == "").to_numpy()]
