"""What the server answers about detectors: train, what to listen to next, estimate, save.

POST /api/loop/prepare   load what a training needs, since the first one would take seconds
POST /api/loop/train     {label}: train a detector on the labels that there are now; returns their
                         number and the threshold that they suggest
GET  /api/loop/scores    ?label= float32 [rows], from 0 to 1
GET  /api/loop/queue     ?label=&threshold=&n=&skipped= rows to listen to next, with their scores
GET  /api/loop/random    the same for rows above the threshold, picked at random
GET  /api/loop/estimate  ?label=&threshold=&skipped= the precision above the threshold
POST /api/loop/save      {label, threshold}: write the classifier

`skipped` are ids of rows that the listener could not tell. Detectors are in memory only, until they
are saved.
"""

import shlex
import threading
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from soundalike.embedding.model_path import ModelError
from soundalike.explore.answers import NumberOfHits, numbers, plain
from soundalike.explore.collection import Collection
from soundalike.labeling.loop import THRESHOLD, Loop, NoExampleError, TrainedDetector

Threshold = Annotated[float, Query(ge=0, le=1)]
SkippedIds = Annotated[list[int], Query(max_length=1000)]


class NotTrainedError(Exception):
    """There is no detector of a label."""

    exit_code = 2


class Label(BaseModel):
    """A label to detect."""

    model_config = ConfigDict(extra="forbid")
    label: str


class LabelAndThreshold(Label):
    """A detector to save: from which probability on it assigns its label."""

    threshold: float = Field(ge=0, le=1)


@dataclass(frozen=True)
class Question:
    """What a request about the windows of a detector names.

    Args:
        detector: of the label in question.
        threshold: score at which it answers yes.
        without: positions of windows that the listener could not tell.

    Shape:
        without: [n].
    """

    detector: TrainedDetector
    threshold: float
    without: NDArray[np.int64]


class Detectors:
    """The detectors of a collection's labels, the latest of each.

    Args:
        collection: whose rows they score.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.loop = Loop(collection.archive, collection.rows)
        self._lock = threading.Lock()  # one training at a time
        self._of: dict[str, TrainedDetector] = {}

    def prepare(self) -> None:
        """Load what a training needs."""
        with self._lock:
            self.loop.prepare()

    def train(self, label: str) -> TrainedDetector:
        """Train the detector of a label; see `Loop.train`."""
        with self._lock:
            self._of[label] = self.loop.train(label)
            return self._of[label]

    def of(self, label: str) -> TrainedDetector:
        """Return the latest detector of a label.

        Raises:
            NotTrainedError: there is none.
        """
        try:
            return self._of[label]
        except KeyError:
            raise NotTrainedError(f"no detector of {label!r} yet: train it.") from None

    def rows(self, detector: TrainedDetector, positions: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Return rows for the page, with their scores."""
        return [
            {**plain(self.collection.row(int(self.collection.ids[each]))),
             "score": float(detector.scores[each])}
            for each in positions
        ]  # fmt: skip

    def positions(self, ids: list[int]) -> NDArray[np.int64]:
        """Return the positions of rows.

        Raises:
            NoSuchRowError: there is no such row.
        """
        return np.array([self.collection.position(id) for id in ids], np.int64)


def add_loop(app: FastAPI, detectors: Detectors) -> None:
    """Add the routes to the server of a collection."""

    def question(
        label: str,
        threshold: Threshold = THRESHOLD,
        skipped: SkippedIds = [],  # noqa: B006  FastAPI copies it
    ) -> Question:
        return Question(detectors.of(label), threshold, detectors.positions(skipped))

    AtThreshold = Annotated[Question, Depends(question)]  # noqa: N806  a type

    @app.post("/api/loop/prepare")
    def prepare() -> dict[str, bool]:
        detectors.prepare()
        return {"ready": True}

    @app.post("/api/loop/train")
    def train(what: Label) -> dict[str, Any]:
        detector = detectors.train(what.label)
        labeled = detector.loop.labeled(what.label)
        return {
            "label": what.label,
            "n_labels": int(labeled.is_training.sum()),
            "threshold": detector.threshold,
        }

    @app.get("/api/loop/scores")
    def scores(label: str) -> Response:
        return numbers(detectors.of(label).scores.astype("<f4"))

    @app.get("/api/loop/queue")
    def queue(at: AtThreshold, n: NumberOfHits = 10) -> list[dict[str, Any]]:
        windows = at.detector.next_windows(n, at.threshold, at.without)
        return detectors.rows(at.detector, windows)

    @app.get("/api/loop/random")
    def random(at: AtThreshold, n: NumberOfHits = 10) -> list[dict[str, Any]]:
        windows = at.detector.random_windows(n, at.threshold, at.without)
        return detectors.rows(at.detector, windows)

    @app.get("/api/loop/estimate")
    def estimate(at: AtThreshold) -> dict[str, Any]:
        result = at.detector.estimate(at.threshold, at.without)
        return {**vars(result), "words": result.in_words}

    @app.post("/api/loop/save")
    def save(what: LabelAndThreshold) -> dict[str, str]:
        folder = detectors.of(what.label).save(what.threshold)
        out = shlex.quote(f"{folder.name}.csv")
        command = f"soundalike classify {shlex.quote(str(folder))} SOURCE --out {out} --per window"
        return {"folder": str(folder), "command": command}

    _add_errors(app)


def _add_errors(app: FastAPI) -> None:
    """Answer with one line what keeps a detector from being trained or saved."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": str(error)}, 409)

    for kind in (NoExampleError, NotTrainedError, ModelError):
        app.add_exception_handler(kind, answer)
