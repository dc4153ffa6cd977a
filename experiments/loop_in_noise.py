"""Measure what a few labels are worth in recordings full of wind, rain and waves.

    python experiments/loop_in_noise.py ESC10

The recordings are those of `events_in_noise.py`. In each of them, a simulated listener labels
windows for one kind of event at a time, beginning with a window that has one, and then what
`explore` asks: the detector is trained after every five answers. A window has the label if half of
an event, or more, is in it. Prints the average precision of the detector's scores, over their
local maxima, by the number of labels, the first included; means over kinds with intervals over
recordings:

itself        all events of the recording, those among the labels too
the rest      the events of the recording that no label is of; labeled windows and those that
              overlap with them are no results
elsewhere     the events of the next recording
threshold     on the next recording, how many of the results above the detector's own threshold
              are right, and how many of the events are among them
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from events_in_noise import (
    EVENT_S,
    HOPS_S,
    KINDS,
    NEAR_S,
    average_precision,
    embedded,
    seeds_of,
)

from soundalike.evaluation.intervals import t_interval
from soundalike.labeling.detector import Detector, detector_of, training_set
from soundalike.labeling.labeled_windows import UNKNOWN, LabeledWindows, labeled_windows
from soundalike.labeling.queue import logit, next_windows
from soundalike.labeling.spans import Spans
from soundalike.labeling.threshold import choose_threshold

N_ASKED = 5
Answer = tuple[LabeledWindows, Detector, float]


class Recording:
    """The windows of a recording, and its events.

    Attributes:
        rows: recording, start_s and end_s of the windows.
        vectors: of the windows, of length 1.
        kinds: of the events.
        starts_s: of the events.
    """

    def __init__(self, arrays: dict[str, np.ndarray], seed: int, window_s: float) -> None:
        start_s = arrays[f"{seed} {window_s:g} starts_s"]
        columns = {"recording": str(seed), "start_s": start_s, "end_s": start_s + window_s}
        self.rows = pd.DataFrame(columns)
        vectors = arrays[f"{seed} {window_s:g} windows"]
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self.kinds, self.starts_s = arrays[f"{seed} kinds"], arrays[f"{seed} starts_s"]
        self.window_s, self.centers_s = window_s, start_s + window_s / 2

    def events_s(self, kind: str) -> np.ndarray:
        """Return the starts of the events of a kind."""
        return self.starts_s[self.kinds == kind]

    def shared_s(self, events_s: np.ndarray) -> np.ndarray:
        """Return how many seconds of events are in windows: [windows, events]."""
        start_s, end_s = (self.rows[name].to_numpy()[:, None] for name in ("start_s", "end_s"))
        return np.minimum(end_s, events_s + EVENT_S) - np.maximum(start_s, events_s)

    def scores(self, detector: Detector) -> np.ndarray:
        return detector.scores(self.vectors, np.ones(len(self.vectors), np.float32))

    def precision(self, scores: np.ndarray, events_s: np.ndarray) -> float:
        """Return the average precision of scores, which may be -inf."""
        hop_s, centers_s = HOPS_S[self.window_s], events_s + EVENT_S / 2
        return average_precision(scores, self.centers_s, hop_s, self.window_s, centers_s)


def answers(recording: Recording, kind: str, n_labels: list[int], first: int) -> Iterator[Answer]:
    """Yield what is known of the windows after so many labels, the detector and its threshold."""
    has_label = (recording.shared_s(recording.events_s(kind)) >= EVENT_S / 2).any(axis=1)
    rows, positions, (spans,) = recording.rows, [first], Spans.of(recording.rows)
    for n in n_labels:
        while True:
            labels = rows.iloc[positions].assign(value=has_label[positions], origin="queue")
            labeled = labeled_windows(rows, labels)
            train, windows = training_set(recording.vectors, labeled)
            detector = detector_of(train)
            scores = recording.scores(detector)
            if (n_missing := n - len(positions)) <= 0:
                break
            n_asked = min(N_ASKED, n_missing)
            known, vectors = labeled.known, recording.vectors
            positions += next_windows(scores, vectors, known, spans, n_asked).tolist()
        yield (
            labeled,
            detector,
            choose_threshold(train, labeled.known[windows], logit(scores[windows])),
        )


def above_threshold(
    recording: Recording, scores: np.ndarray, threshold: float, events_s: np.ndarray
) -> tuple[float, float]:
    """Return which share of the results is right, and which share of the events is found."""
    (spans,) = Spans.of(recording.rows)
    results_s = recording.centers_s[spans.is_peak(scores) & (scores >= threshold)]
    is_near = np.abs(results_s[:, None] - events_s - EVENT_S / 2) <= NEAR_S
    n_right, n_found = is_near.any(axis=1).sum(), is_near.any(axis=0).sum()
    return n_right / max(1, len(results_s)), n_found / len(events_s)


def measure(here: Recording, other: Recording, kind: str, n_labels: list[int], seed: int) -> list:
    """Return a row for each number of labels."""
    events_s, elsewhere_s = here.events_s(kind), other.events_s(kind)
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    first = int(np.abs(here.centers_s - rng.choice(events_s) - EVENT_S / 2).argmin())
    rows = []
    shared_s = here.shared_s(events_s)
    for n, (labeled, detector, threshold) in zip(
        n_labels, answers(here, kind, n_labels, first), strict=True
    ):
        scores, theirs = here.scores(detector), other.scores(detector)
        is_known = labeled.known != UNKNOWN
        has_no_label = (shared_s[is_known] < EVENT_S / 2).all(axis=0)
        rest = np.where(is_known | labeled.is_near, -np.inf, scores)
        rest_s = events_s[has_no_label]
        precision, recall = above_threshold(other, theirs, threshold, elsewhere_s)
        rows.append(
            {
                "kind": kind,
                "labels": n,
                "itself": here.precision(scores, events_s),
                "the rest": here.precision(rest, rest_s) if len(rest_s) else np.nan,
                "elsewhere": other.precision(theirs, elsewhere_s),
                "right above the threshold": precision,
                "found above the threshold": recall,
            }
        )
    return rows


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over kinds, with intervals over recordings."""
    columns = {}
    for n, rows in table.groupby("labels"):
        means = rows.drop(columns=["kind", "labels"]).groupby("recording").mean()
        columns[n] = {
            name: "{:.3f} ({:.3f} - {:.3f})".format(column.mean(), *t_interval(column.dropna()))
            for name, column in means.items()
        }
    return pd.DataFrame(columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("esc10", type=Path, metavar="ESC10")
    parser.add_argument("--model", default="default")
    parser.add_argument("--recordings", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="seed of the first recording")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--each", type=int, default=5, help="events of each kind")
    parser.add_argument("--level_db", type=float, default=6.0)
    parser.add_argument("--windows", type=float, nargs="+", choices=HOPS_S, default=[2.0])
    parser.add_argument("--labels", type=int, nargs="+", default=[1, 3, 5, 10, 20, 40])
    parser.add_argument("--cache", type=Path, metavar="FILE.npz")
    arguments = parser.parse_args()
    if not list(arguments.esc10.glob("[0-9][0-9][0-9] - */")):
        sys.exit(f"{arguments.esc10}: skipped, ESC-10 is not there")
    torch.manual_seed(0)
    arrays = embedded(arguments)
    seeds = seeds_of(arguments)
    for window_s in arguments.windows:
        recordings = [Recording(arrays, seed, window_s) for seed in seeds]
        rows = []
        for number, seed in enumerate(seeds):
            other = recordings[(number + 1) % len(recordings)]
            for kind in KINDS:
                measured = measure(recordings[number], other, kind, arguments.labels, seed)
                rows += [{**row, "recording": seed} for row in measured]
        print(f"windows of {window_s:g} s:")
        print(summary(pd.DataFrame(rows)).to_string())
