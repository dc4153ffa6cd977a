"""From one example to a detector: train, listen to what it asks for, and find out how right it is.

>>> loop = Loop(sa.Archive.open("birds"))  # doctest: +SKIP
>>> owl = loop.train("owl")  # doctest: +SKIP
>>> loop.rows.iloc[owl.next_windows(10)]  # doctest: +SKIP
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.one_moment import vectors_of
from soundalike.labeling.estimate import (
    PrecisionEstimate,
    estimate_precision,
    picked_at_random,
    random_ranks,
)
from soundalike.labeling.label_table import LabelTable
from soundalike.labeling.labeled_windows import UNKNOWN, YES, LabeledWindows, labeled_windows
from soundalike.labeling.queue import NONE, logit, next_windows
from soundalike.labeling.spans import Spans
from soundalike.search.archive import Archive

if TYPE_CHECKING:
    from soundalike.labeling.detector import Detector

THRESHOLD = 0.5  # of scores, where nothing else is said
ROWS_AT_ONCE = 65_536


class NoExampleError(Exception):
    """No window has the label; the one-line message says what to do."""

    exit_code = 2


class Loop:
    """The windows of an archive at one moment, and the detectors of its labels.

    Args:
        archive: the archive.
        rows: its rows, if they have been read.

    Attributes:
        archive: the archive.
        rows: see `WindowArchive.rows`. Positions of windows are positions in this table.
        labels: of the archive.
    """

    def __init__(self, archive: Archive, rows: pd.DataFrame | None = None) -> None:
        self.archive = archive
        self.rows = archive.rows() if rows is None else rows
        self.labels = LabelTable(archive.path)

    def labeled(self, label: str) -> LabeledWindows:
        """Return what is known of the windows now, for one label."""
        labels = self.labels.current()
        return labeled_windows(self.rows, labels[labels["label"] == label])

    def train(self, label: str) -> "TrainedDetector":
        """Train a detector on the labels that there are now, and score every window.

        Raises:
            NoExampleError: no window has the label.
            ArchiveError: rows have been replaced since, or the archive is damaged.
        """
        labeled = self.labeled(label)
        if not (labeled.is_training & (labeled.known == YES)).any():
            raise NoExampleError(f"no window has the label {label!r}: give it to one, then train.")
        from soundalike.labeling.detector import detector_of, training_set  # torch takes seconds
        from soundalike.labeling.threshold import choose_threshold

        vectors, lengths = self.vectors
        train, windows = training_set(vectors, labeled)
        detector = detector_of(train)
        scores = detector.scores(vectors, lengths)
        known = np.where(labeled.is_training, labeled.known, np.int8(UNKNOWN))[windows]
        threshold = choose_threshold(train, known, logit(scores[windows]))
        return TrainedDetector(self, label, detector, scores, threshold)

    def prepare(self) -> None:
        """Read the vectors and load what a training needs, so that the first one is quick."""
        from soundalike.labeling.detector import fit_detector

        few = self.vectors[0][:2]  # a first training loads torch's optimizers
        known, no = np.full(len(few), YES, np.int8), np.zeros(len(few), bool)
        if len(few):
            fit_detector(few, LabeledWindows(known, no, no))

    @functools.cached_property
    def spans(self) -> Spans:
        """Where the windows are."""
        return Spans.of(self.rows)[0]

    @functools.cached_property
    def ranks(self) -> NDArray[np.uint64]:
        """The random ranks of the windows: [windows]."""
        return random_ranks(self.rows["id"].to_numpy(np.int64))

    @functools.cached_property
    def vectors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The vectors of the windows, and their lengths: [windows, dim] and [windows]."""
        vectors = vectors_of(self.archive, self.rows)
        lengths = np.empty(len(vectors), np.float32)
        for first in range(0, len(vectors), ROWS_AT_ONCE):
            block = slice(first, first + ROWS_AT_ONCE)
            lengths[block] = np.linalg.norm(vectors[block], axis=1)
        return vectors, lengths


@dataclass(frozen=True)
class TrainedDetector:
    """A detector and what it says of the windows. Labels are read anew each time.

    Args:
        loop: the windows.
        label: what it detects.
        detector: the detector.
        scores: of the windows, from 0 to 1.
        threshold: score from which on it should answer yes, by its labels (`choose_threshold`).

    Shape:
        scores: [windows].
    """

    loop: Loop
    label: str
    detector: "Detector"
    scores: NDArray[np.float32]
    threshold: float

    def next_windows(
        self, n: int, threshold: float = THRESHOLD, without: NDArray[np.integer] = NONE
    ) -> NDArray[np.int64]:
        """Return windows to listen to next, which make the detector better.

        Args:
            n: number of windows; fewer if there are no more.
            threshold: score at which the detector answers yes.
            without: positions of windows that are left out, such as those that were skipped.

        Shape:
            without, result: [n], positions.
        """
        known = self.loop.labeled(self.label).known
        (vectors, _), spans = self.loop.vectors, self.loop.spans
        return next_windows(self.scores, vectors, known, spans, n, threshold, without)

    def random_windows(
        self, n: int, threshold: float = THRESHOLD, without: NDArray[np.integer] = NONE
    ) -> NDArray[np.int64]:
        """Return windows above the threshold, picked at random; their labels estimate precision.

        The arguments are those of `next_windows`. Give their labels the origin "random".
        """
        labeled = self.loop.labeled(self.label)
        above = self._above(labeled, threshold, without)
        return above[labeled.known[above] == UNKNOWN][:n]

    def estimate(
        self, threshold: float = THRESHOLD, without: NDArray[np.integer] = NONE
    ) -> PrecisionEstimate:
        """Estimate how many of the windows above a threshold have the label.

        Args:
            threshold: lowest score.
            without: positions of windows that the listener could not tell.

        Shape:
            without: [n].
        """
        labeled = self.loop.labeled(self.label)
        above = self._above(labeled, threshold, without)
        return estimate_precision(self.scores, labeled, above)

    def save(self, threshold: float | None = None, folder: Path | None = None) -> Path:
        """Write a classifier that `soundalike classify` runs on new recordings; return its folder.

        Args:
            threshold: score from which on the label is assigned; by default its own.
            folder: by default one in the archive, named after the label.

        Raises:
            ModelError: the model of the archive cannot be loaded.
            OSError: a file cannot be written.
        """
        from soundalike.labeling.saved_detector import detector_folder, save_detectors

        archive = self.loop.archive
        folder = detector_folder(archive.path, self.label) if folder is None else folder
        threshold = self.threshold if threshold is None else threshold
        model = archive.as_cut(archive.model)
        save_detectors({self.label: (self.detector, threshold)}, model, folder)
        return folder

    def _above(
        self, labeled: LabeledWindows, threshold: float, without: NDArray[np.integer]
    ) -> NDArray[np.int64]:
        return picked_at_random(self.scores, labeled, self.loop.ranks, threshold, without)
