"""Simulate a listener who labels windows of an archive, and measure the detector.

    python experiments/labeling_loop.py esc10:ROOT sets/drums.csv --out runs/loop

All sets are one collection, embedded once by the model that comes with soundalike, a window a clip.
For each class, two of five folds of every set are held out. In the others, the class has as many
clips as `--positives` says; the rest of it is left out, so that it is rare. The loop begins with
one clip of the class. The listener answers truthfully whether a clip has the class. Every five
answers the detector is trained again, and the next clips are chosen in one of these ways:

queue     what `explore` queues: highest scores and greatest doubt in turn, unlike what was no
doubt     nearest to the threshold
random    at random

Prints the average precision of the detector on the held-out clips by the number of labels, with
intervals over classes and seeds; for each class, how far the queue is above random, with an
interval over seeds; and the share of the labeled clips that have the class.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.source import read_source
from soundalike.embedding.model_path import find_model
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.average_precision import average_precisions
from soundalike.evaluation.intervals import crossed_interval, t_interval
from soundalike.labeling.detector import Detector, fit_detector
from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES, LabeledWindows
from soundalike.labeling.queue import logit, next_windows
from soundalike.labeling.spans import Spans
from soundalike.search.archive import Archive

HELD_OUT = 0.4  # of the folds
SCORE, SHARE = "average precision", "share with the class"
QUEUE, RANDOM = "queue", "random"


def embedded(sources: list[str], out: Path) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Return the clips of all sets, with the columns set, label and fold, and their vectors."""
    model = SoundEncoder.load(find_model("default"))
    tables, vectors = [], []
    for number, source in enumerate(sources):
        clips = read_source(source)
        archive = Archive.open_for(out / "archives" / str(number), model, clips.root)
        archive.add(clips)
        rows = archive.rows()
        folds = pd.Series(clips.rows["fold"].to_numpy(), clips.relative_paths())
        tables.append(rows.assign(set=number, fold=folds[rows["path"]].to_numpy()))
        vectors.append(archive.vectors()[1])
    return pd.concat(tables, ignore_index=True), np.concatenate(vectors)


@dataclass(frozen=True)
class Task:
    """A class to detect: the clips of a pool that may be labeled, and clips that test.

    Attributes:
        pool, test: positions of clips.
        first: position in the pool of the clip that the loop begins with.
    """

    pool: NDArray[np.int64]
    test: NDArray[np.int64]
    first: int


def make_task(clips: pd.DataFrame, label: str, n_positive: int, rng: np.random.Generator) -> Task:
    """Hold out folds of every set, and make the class rare in the rest."""
    is_test = np.zeros(len(clips), bool)
    for number in clips["set"].unique():
        folds = sorted(clips["fold"][clips["set"] == number].unique())
        held_out = rng.permutation(folds)[: round(HELD_OUT * len(folds))]
        is_test |= ((clips["set"] == number) & clips["fold"].isin(held_out)).to_numpy()
    has_label = (clips["label"] == label).to_numpy()
    positive = rng.permutation(np.flatnonzero(has_label & ~is_test))
    pool = np.setdiff1d(np.flatnonzero(~is_test), positive[n_positive:])
    first = int(rng.choice(np.flatnonzero(has_label[pool])))
    return Task(pool, np.flatnonzero(is_test), first)


Choose = Callable[
    [NDArray[np.float32], NDArray[np.float32], NDArray[np.int8], Spans, int, np.random.Generator],
    NDArray[np.int64],
]
"""From scores, vectors, what is known, where the windows are, and how many: the next ones."""


def best(values: NDArray[np.floating], known: NDArray[np.int8], n: int) -> NDArray[np.int64]:
    """Return the positions of the highest values of windows without an answer."""
    return np.argsort(np.where(known == UNKNOWN, values, -np.inf))[::-1][:n]


WAYS: dict[str, Choose] = {
    QUEUE: lambda scores, vectors, known, spans, n, rng: next_windows(
        scores, vectors, known, spans, n
    ),
    "doubt": lambda scores, vectors, known, spans, n, rng: best(-abs(logit(scores)), known, n),
    RANDOM: lambda scores, vectors, known, spans, n, rng: best(rng.random(len(scores)), known, n),
}


def simulate(
    vectors: NDArray[np.float32],
    has_label: NDArray[np.bool_],
    spans: Spans,
    first: int,
    way: str,
    n_labels: list[int],
    n_each: int,
    seed: int,
) -> Iterator[tuple[Detector, float]]:
    """Yield the detector after so many labels, and the share of them that is yes.

    Args:
        vectors: of the windows that may be labeled.
        has_label: the answers of the listener.
        spans: of the windows.
        first: the window that the loop begins with.
        way: how the next windows are chosen.
        n_labels: when to yield.
        n_each: answers before the detector is trained again.
        seed: random seed.
    """
    known = np.full(len(vectors), UNKNOWN, np.int8)
    known[first] = YES
    no = np.zeros(len(vectors), bool)
    lengths, rng = np.linalg.norm(vectors, axis=1), np.random.default_rng(seed)
    for n in n_labels:
        while True:
            detector = fit_detector(vectors, LabeledWindows(known, no, no))
            if (n_missing := n - int((known != UNKNOWN).sum())) <= 0:
                break
            scores = detector.scores(vectors, lengths)
            choice = WAYS[way](scores, vectors, known, spans, min(n_each, n_missing), rng)
            known[choice] = np.where(has_label[choice], YES, NO)
        yield detector, float((known[known != UNKNOWN] == YES).mean())


def classes_of(clips: pd.DataFrame, n: int, n_positive: int) -> list[str]:
    """Return classes of each set that have enough clips, picked at random."""
    counts = clips.groupby(["set", "label"]).size()
    enough = counts[counts * (1 - HELD_OUT) >= n_positive].reset_index()
    order = np.random.default_rng(0).permutation(len(enough))
    return enough.iloc[order].groupby("set").head(n).sort_values(["set", "label"])["label"].tolist()


def run(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return what every class, seed and way has reached after so many labels."""
    clips, vectors = embedded(arguments.sets, arguments.out)
    lines = []
    for number, label in enumerate(classes_of(clips, arguments.classes, arguments.positives)):
        has_label = (clips["label"] == label).to_numpy()
        for seed in range(arguments.seeds):
            rng = np.random.default_rng([seed, number])
            task = make_task(clips, label, arguments.positives, rng)
            (spans,) = Spans.of(clips.iloc[task.pool])
            test, truth = vectors[task.test], has_label[task.test, None]
            for way in WAYS:
                detectors = simulate(
                    vectors[task.pool], has_label[task.pool], spans, task.first, way,
                    arguments.labels, arguments.each, seed,
                )  # fmt: skip
                for n_labels, (detector, share) in zip(arguments.labels, detectors, strict=True):
                    scores = detector.scores(test, np.linalg.norm(test, axis=1))
                    (precision,) = average_precisions(truth, scores[:, None])
                    lines.append((label, seed, way, n_labels, precision, share))
    return pd.DataFrame(lines, columns=["class", "seed", "way", "labels", SCORE, SHARE])


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far the queue is above random for each class, with 95% intervals over seeds."""
    scores = table.pivot(index=["class", "labels", "seed"], columns="way", values=SCORE)
    gain = (scores[QUEUE] - scores[RANDOM]).groupby(level=["class", "labels"])
    lines = gain.agg(lambda of_seeds: with_interval(of_seeds.mean(), t_interval(of_seeds), "+.3f"))
    return lines.unstack()


def with_interval(value: float, interval: tuple[float, float], form: str = ".3f") -> str:
    """Return a value and its interval in words."""
    low, high = interval
    return f"{value:{form}} ({low:{form}} - {high:{form}})"


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over classes and seeds, and how far the queue is above the other ways."""
    values = {
        key: rows.pivot(index="seed", columns="class", values=SCORE).to_numpy()
        for key, rows in table.groupby(["way", "labels"])
    }
    lines: dict[str, dict[int, str]] = {}
    for (way, n_labels), array in values.items():
        line = lines.setdefault(way, {})
        line[n_labels] = with_interval(array.mean(), crossed_interval(array))
        if way != QUEUE:
            gain = values[QUEUE, n_labels] - array
            line = lines.setdefault(f"{QUEUE} above {way}", {})
            line[n_labels] = with_interval(gain.mean(), crossed_interval(gain), "+.3f")
    return pd.DataFrame(lines).T.sort_index()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="labeled clips with folds")
    parser.add_argument("--classes", type=int, default=3, help="of each set")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--labels", type=int, nargs="+", default=[1, 3, 10, 20, 40, 100])
    parser.add_argument("--each", type=int, default=5, help="answers between two trainings")
    parser.add_argument("--positives", type=int, default=12, help="clips with the label")
    parser.add_argument("--out", type=Path, required=True, help="folder of the archives and tables")
    arguments = parser.parse_args()
    table = run(arguments)
    table.to_csv(arguments.out / "scores.csv", index=False)
    for column in (SCORE, SHARE):
        by_class = table.groupby(["class", "way", "labels"])[column].mean().unstack()
        print(column, by_class.to_string(float_format="{:.3f}".format), sep="\n")
    print(f"{QUEUE} above {RANDOM}", gains(table).to_string(), sep="\n")
    print(summary(table).to_string())
