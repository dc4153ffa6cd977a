"""Compare scores that tell sounds of no known class from those of the known classes.

    python experiments/none_of_these.py default esc10:ROOT sets/drums.csv --out runs/none

Three classes at a time are left out of each set: they are never seen. For every seed, the classes
are dealt into groups of three, and each group is left out once. In the set's own folds, classifiers
are fitted to the other classes' clips of the other folds, with the background of the model, and all
clips of the fold get scores:

* softmax: the highest probability of the linear classifier of `evaluate`;
* energy: the logarithm of the sum of the exponentials of its logits;
* distance: Mahalanobis, to the nearest mean of a class, with one shrunken covariance for all;
* one against rest: the score of `classify`; and the same without the background.

The table has, for each score, the AUROC of the seen against the never-seen; at the stated rate of
false alarms, the share of seen clips that are called "none of these" and that of the never-seen
ones, with a threshold from the other folds; and the accuracy on the known classes. Intervals are
by bootstrap over recordings.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import rankdata
from sklearn.covariance import LedoitWolf

from soundalike.datasets.labels import Labels
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.downstream.features import Features, embeddings
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.known_sounds import unrelated
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.conformal import conformal_threshold
from soundalike.evaluation.intervals import bootstrap_interval

SCORES = ["softmax", "energy", "distance", "one against rest", "without the background"]


def clip_vectors(features: Features) -> np.ndarray:
    """Return the mean of each clip's vectors: [clips, dim]."""
    sums = np.zeros((len(features.labels), features.vectors.shape[1]))
    np.add.at(sums, features.clips.numpy(), features.vectors.numpy())
    return sums / np.bincount(features.clips.numpy())[:, None]


def score(train: Features, test: Features, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the test clips, [scores, clips], and their classes, [clips]."""
    nothing = np.zeros(0, dtype=np.int64)
    split = Split("all", np.arange(len(train.labels)), nothing, nothing)
    linear = fit_linear(train, split, seed)
    probabilities = linear.scores(test)
    x, labels = clip_vectors(train), train.labels.values
    logits = clip_vectors(test) @ linear.probe.weight.numpy() + linear.probe.bias.numpy()
    means = np.stack([x[labels == label].mean(axis=0) for label in np.unique(labels)])
    precision = LedoitWolf().fit(x - means[labels]).precision_
    deviations = clip_vectors(test)[:, None] - means
    distances = np.einsum("ckd,de,cke->ck", deviations, precision, deviations, optimize=True)
    alone = fit_linear(replace(train, background=train.background[:0]), split, seed)
    scores = [
        probabilities.max(axis=1),
        logsumexp(logits, axis=1),
        -distances.min(axis=1),
        linear.known.scores(test).max(axis=1),
        alone.known.scores(test).max(axis=1),
    ]
    return np.stack(scores), probabilities.argmax(axis=1)


def leave_out(
    features: Features, splits: list[Split], unseen: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores [scores, clips] and if the known class is right [clips], without some classes.

    Every clip is scored by the classifiers that were fitted to the other folds.
    """
    known = np.setdiff1d(np.unique(features.labels.values), unseen)
    classes = [features.labels.classes[label] for label in known]
    numbers = np.searchsorted(known, features.labels.values) % len(known)
    renumbered = replace(features, labels=Labels(numbers, classes))
    scores = np.zeros((len(SCORES), len(numbers)))
    is_right = np.zeros(len(numbers), dtype=bool)
    for split in splits:
        is_known = np.isin(features.labels.values[split.train], known)
        train = renumbered.select(split.train[is_known])
        scores[:, split.test], best = score(train, renumbered.select(split.test), seed)
        is_right[split.test] = best == numbers[split.test]
    return scores, is_right


def auroc(is_seen: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of pairs in which the seen clip has the higher score; ties count half."""
    n_seen, n_unseen = is_seen.sum(), (~is_seen).sum()
    below = rankdata(scores)[is_seen].sum() - n_seen * (n_seen + 1) / 2
    return float(below / (n_seen * n_unseen))


def refused(
    scores: np.ndarray, is_seen: np.ndarray, splits: list[Split], rate: float
) -> np.ndarray:
    """Return which clips are "none of these", by the seen clips of the other folds: [clips]."""
    is_refused = np.zeros(len(scores), dtype=bool)
    for split in splits:
        others = np.setdiff1d(np.flatnonzero(is_seen), split.test)
        threshold = conformal_threshold(scores[others], rate)
        is_refused[split.test] = scores[split.test] < threshold
    return is_refused


def mean_of(values: np.ndarray, counts: np.ndarray) -> float:
    return float(values[counts].mean())


def compare(features: Features, splits: list[Split], arguments: argparse.Namespace) -> pd.DataFrame:
    """Return a row for each score: what the table shows, as "value (low - high)"."""
    labels, draws, rate = features.labels.values, [], arguments.false_alarms
    for seed in range(arguments.seeds):
        order = np.random.default_rng(seed).permutation(np.unique(labels))
        for first in range(0, len(order) - arguments.classes + 1, arguments.classes):
            unseen = order[first : first + arguments.classes]
            draws.append((~np.isin(labels, unseen), *leave_out(features, splits, unseen, seed)))
    is_seen = np.stack([draw[0] for draw in draws], axis=1)
    is_right = np.stack([draw[2] for draw in draws], axis=1)

    def mean_auroc(seen: np.ndarray, *scores: np.ndarray) -> float:
        return float(
            np.mean([auroc(s, x) for s, x in zip(seen.T, np.stack(scores)[0].T, strict=True)])
        )

    def interval(statistic, *arrays) -> str:
        low, high = bootstrap_interval(
            statistic, *arrays, n_resamples=arguments.resamples, recordings=features.recordings
        )
        return f"{statistic(*arrays):.3f} ({low:.3f} - {high:.3f})"

    def gain(seen: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
        return mean_auroc(seen, ours) - mean_auroc(seen, theirs)

    table, softmax = {}, None
    for number, name in enumerate(SCORES):
        scores = np.stack([draw[1][number] for draw in draws], axis=1)
        softmax = scores if softmax is None else softmax
        is_refused = np.stack(
            [refused(scores[:, n], seen, splits, rate) for n, seen in enumerate(is_seen.T)], axis=1
        )
        table[name] = {
            "AUROC": interval(mean_auroc, is_seen, scores),
            "above softmax": interval(gain, is_seen, scores, softmax),
            "false alarms": interval(mean_of, is_refused, is_seen),
            "never-seen refused": interval(mean_of, is_refused, ~is_seen),
            "accuracy": interval(mean_of, is_right, is_seen),
        }
    return pd.DataFrame(table).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model with a background")
    parser.add_argument("sets", nargs="+", help="labeled clips")
    parser.add_argument("--classes", type=int, default=3, help="number of classes left out")
    parser.add_argument("--false_alarms", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--resamples", type=int, default=500, help="of the bootstrap")
    parser.add_argument("--out", type=Path, required=True, help="folder of stores and tables")
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model)
    for source in arguments.sets:
        store = open_or_prepare(source, arguments.out / Path(source).stem, model.front_end)
        features = embeddings(model, store)
        others = unrelated(model.background, features.vectors)
        features = replace(features, background=others)
        table = compare(features, evaluation_splits(store), arguments)
        table.to_csv(arguments.out / f"{Path(source).stem}.csv")
        print(f"{source}: {len(store.clips)} clips, {len(others)} sounds in the background")
        print(table.to_string())
