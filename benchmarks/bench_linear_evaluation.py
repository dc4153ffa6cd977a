"""Linear evaluation with a chosen prior, against scikit-learn's LogisticRegressionCV.

Both fit one classifier to embeddings of training clips, after five folds of them have chosen the
precision of its prior from the same four by the same likelihood. The features are correlated like
those of a network; the last column is the difference of the accuracies on 2,000 other clips.
"""

import time
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from measure import Row, fastest, table
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.downstream.linear import N_FOLDS, PRIOR_PRECISIONS, fit_linear
from soundalike.evaluation.folds import stratified_folds

N_TEST = 2000
# Clips, dimensions, classes, whitened: a fold of ESC-10, synthetic:small, log-mel statistics.
SETTINGS = [(320, 512, 10, True), (800, 512, 20, True), (800, 480, 20, False)]


def embeddings(
    n_clips: int, dim: int, n_classes: int, is_whitened: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return vectors and labels of training clips, followed by those of test clips."""
    rng = np.random.default_rng(0)
    labels = np.arange(n_clips + N_TEST) % n_classes
    centers = rng.standard_normal((n_classes, dim))
    h = 0.2 * centers[labels] + rng.standard_normal((len(labels), dim))
    if not is_whitened:  # variances that fall with the rank of the axis, and a rotation
        h = h / np.sqrt(1 + np.arange(dim)) @ np.linalg.qr(rng.standard_normal((dim, dim)))[0]
        h = (h - h[:n_clips].mean(axis=0)) / h[:n_clips].std(axis=0)
    return h.astype(np.float32), labels


def rows() -> Iterator[Row]:
    """Yield the seconds of both for each setting."""
    for n_clips, dim, n_classes, is_whitened in SETTINGS:
        h, labels = embeddings(n_clips, dim, n_classes, is_whitened)
        train, nothing = np.arange(n_clips), np.zeros(0, dtype=np.int64)
        split = Split("all", train, nothing, np.arange(n_clips, len(labels)))
        clips = np.arange(len(labels))
        names = [str(number) for number in range(n_classes)]
        features = Features(
            torch.from_numpy(h), torch.from_numpy(clips), Labels(labels, names), clips, True
        )
        fold = stratified_folds(labels[train], N_FOLDS, 0, train)
        folds = [(train[fold != k], train[fold == k]) for k in range(N_FOLDS)]

        def ours(features: Features = features, split: Split = split) -> NDArray[np.floating]:
            return fit_linear(features, split).scores(features.select(split.test))

        def reference(
            h: NDArray[np.float32] = h,
            labels: NDArray[np.int64] = labels,
            folds: list = folds,
            n_clips: int = n_clips,
        ) -> NDArray[np.floating]:
            model = LogisticRegressionCV(
                Cs=[1 / p for p in PRIOR_PRECISIONS], cv=folds, scoring="neg_log_loss"
            )
            model.fit(h[:n_clips], labels[:n_clips])
            return model.predict_proba(h[n_clips:])

        (ours_s,) = fastest(ours, n_runs=3)
        start = time.perf_counter()
        expected = reference()  # takes minutes, so only once
        reference_s = time.perf_counter() - start
        accuracies = [(p.argmax(axis=1) == labels[n_clips:]).mean() for p in (ours(), expected)]
        yield Row(
            f"{n_clips:,} clips, {dim} {'whitened ' if is_whitened else ''}dims, "
            f"{n_classes} classes",
            ours_s,
            "s",
            reference_s,
            "LogisticRegressionCV",
            difference=f"{accuracies[0]:.3f} and {accuracies[1]:.3f} right",
        )


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        print(table(rows()))
