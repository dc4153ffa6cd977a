"""Find wrong labels with frozen features, and hold what is found against what is known of them.

Labels of the splits train and validation are audited together. Where their true labels are known
(sounds made by code, and labels that `--label_noise` made wrong), the score is the AUROC of wrong
labels: the share of pairs of a wrong and a right one in which the wrong one is suspected more.

FSDnoisy18k does not say which single labels are wrong, only which clips somebody has verified. Then
the score is the AUROC of labels that nobody verified; which they are is not told to the audit. If a
share r of them is wrong, and the right ones are like the verified ones, a perfect audit reaches
(1 + r) / 2. They are not quite: of the clips that hold other sounds, too, few are verified.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.labels import Labels
from soundalike.datasets.verified import TRUE_LABEL, verified_rows
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import Features
from soundalike.evaluation.clean_labels import clean_label_posterior
from soundalike.evaluation.self_confidence import out_of_fold_probabilities
from soundalike.paper.rows import PaperError, Task

WRONG, UNVERIFIED = "wrong-label AUROC", "unverified-label AUROC"


@dataclass(frozen=True)
class Known:
    """What is known about labels.

    Args:
        metric: name of the score.
        is_sought: labels that should be suspected more than the others.
        is_verified: labels that are right, because somebody has verified them.
        noise_rate: share of wrong labels among those that nobody verified; None if unknown.

    Shape:
        is_sought, is_verified: [clips].
    """

    metric: str
    is_sought: NDArray[np.bool_]
    is_verified: NDArray[np.bool_]
    noise_rate: float | None


def known_of(rows: pd.DataFrame) -> Known:
    """Return what a table of labeled clips knows about its labels.

    Raises:
        PaperError: it does not know which labels are wrong, nor which are verified.
    """
    is_verified = verified_rows(rows)
    known = Known(UNVERIFIED, ~is_verified, is_verified, None)
    if TRUE_LABEL in rows:
        is_wrong = (rows["label"] != rows[TRUE_LABEL]).to_numpy()
        known = Known(WRONG, is_wrong, is_verified, float(is_wrong[~is_verified].mean()))
    if known.is_sought.all() or not known.is_sought.any():
        raise PaperError(
            "it is not known which labels are wrong: make some wrong (--label_noise 0.4), or name "
            "sounds of which some are verified, as in FSDnoisy18k (a column manually_verified)"
        )
    return known


def why_not(clips: ClipTable) -> str:
    """Return why wrong labels cannot be looked for among labeled clips; "" if they can."""
    rows = clips.rows
    try:
        _require_single_labels(clips.labels())
        known_of(rows[(rows["split"] != "test") & (rows["label"] != "")])
    except PaperError as error:
        return str(error)
    return ""


def find_wrong_labels(
    task: Task, features: Features, rows: pd.DataFrame, seed: int
) -> dict[str, Any]:
    """Return the score of a way to find wrong labels, and the shares that it estimates.

    Args:
        task: "audit" or "self-confidence"; the latter is not a probability of being wrong, so it
            estimates no share.
        features: of the audited clips.
        rows: their rows of the table of clips.
        seed: random seed of the folds.

    Returns:
        Numbers of a `Cell`.

    Raises:
        PaperError: clips have several labels, or nothing is known about their labels.
    """
    labels = features.labels
    _require_single_labels(labels)
    known, vectors = known_of(rows), clip_vectors(features)
    arrays = vectors.vectors, labels.values, features.recordings
    if task == "self-confidence":
        p = out_of_fold_probabilities(*arrays, labels.n_classes, seed)
        p_wrong = 1 - p[np.arange(len(p)), labels.values]
        return {"metric": known.metric, "score": float(roc_auc_score(known.is_sought, p_wrong))}
    p_wrong = clean_label_posterior(
        *arrays, n_classes=labels.n_classes, background=vectors.background, seed=seed
    ).p_wrong
    of_verified = p_wrong[known.is_verified]
    return {
        "metric": known.metric,
        "score": float(roc_auc_score(known.is_sought, p_wrong)),
        "noise_rate": float(p_wrong[~known.is_verified].mean()),
        "noise_rate_verified": float(of_verified.mean()) if len(of_verified) else None,
        "true_noise_rate": known.noise_rate,
    }


def _require_single_labels(labels: Labels) -> None:
    if labels.is_multi_label:
        raise PaperError("wrong labels are looked for only where every clip has one label")
