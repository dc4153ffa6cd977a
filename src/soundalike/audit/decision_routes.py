"""What the server answers about the table of an audit, and the decisions that it writes.

GET  /api/audit                        the whole table by columns, and what the page needs to know
GET  /api/audit/changes                ?table=&version= the rows that have changed since
POST /api/audit/decisions              decide about a row: `Decision`
POST /api/audit/undo                   take back the latest decision; `row` is its row, or null
POST /api/audit/learn                  new probabilities of the undecided; `n` is their number
GET  /api/audit/confusions             which classes are confused: `ConfusionTable`
GET  /api/audit/advice                 which classifier to train: `Advice`, or null
GET  /api/rows/{id}                    what is played of a clip, and its neighbors

Pages say with every request up to which moment they know the table: `table` and `version`. The
answers but those about confusions, advice and one clip have the new moment, `rows`, which have
changed since the one before, and `n_steps`, the number of decisions that can be taken back. To a
page that knows another table, the answer is 409.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from soundalike.audit.confusion_table import THRESHOLD, confusion_table
from soundalike.audit.decisions import DecisionError, Decisions, Refit
from soundalike.audit.labels_table import Mark, OutdatedError
from soundalike.audit.labels_text import COLUMNS, TableError
from soundalike.audit.neighbor_votes import NeighborVotes
from soundalike.audit.playable_clips import PlayableClips
from soundalike.audit.result_file import stored_advice
from soundalike.explore.plain_errors import add_writing_errors, answer_with
from soundalike.labeling.label_name import LabelError


class Moment(BaseModel):
    """Up to when a page knows the table."""

    model_config = ConfigDict(extra="forbid")
    table: str
    version: int

    @property
    def mark(self) -> Mark:
        """The moment as the table knows it."""
        return Mark(self.table, self.version)


class Decision(Moment):
    """What is decided about a row; see `Decisions.decide`."""

    row: int
    decision: str
    new_label: str = ""


@dataclass(frozen=True)
class Commands:
    """Commands as a person types them.

    Args:
        decide: starts the page again.
        apply: writes the cleaned manifest.
    """

    decide: str
    apply: str


def add_decisions(
    app: FastAPI, decisions: Decisions, commands: Commands, refit: Refit | None
) -> None:
    """Add the routes to the server of an audit."""
    table = decisions.table

    def answer(moment: Moment, **content: Any) -> dict[str, Any]:
        mark, rows = table.changed_since(moment.mark)
        return {**_moment(decisions, mark), "rows": _by_number(rows), **content}

    @app.get("/api/audit")
    def audit() -> Response:
        mark, rows = table.rows()
        content = {
            **_moment(decisions, mark),
            "file": str(table.path),
            "commands": dataclasses.asdict(commands),
            "can_learn": refit is not None,
            "threshold": THRESHOLD,
            "columns": {name: _plain(rows[name]) for name in COLUMNS},
        }
        return JSONResponse(content)  # FastAPI would go through it first

    @app.get("/api/audit/changes")
    def changes(table: str, version: int) -> dict[str, Any]:
        return answer(Moment(table=table, version=version))

    @app.post("/api/audit/decisions")
    def decide(decision: Decision) -> dict[str, Any]:
        decisions.decide(decision.mark, decision.row, decision.decision, decision.new_label)
        return answer(decision)

    @app.post("/api/audit/undo")
    def undo(moment: Moment) -> dict[str, Any]:
        row = decisions.undo(moment.mark)
        return answer(moment, row=row)

    @app.get("/api/audit/confusions")
    def confused() -> dict[str, Any]:
        return dataclasses.asdict(confusion_table(table.rows()[1]))

    @app.get("/api/audit/advice")
    def advice() -> dict[str, Any] | None:
        return stored_advice(table.path.parent)

    if refit is not None:
        _add_learning(app, decisions, refit, answer)

    app.add_exception_handler(DecisionError, answer_with(400))
    app.add_exception_handler(LabelError, answer_with(400))
    app.add_exception_handler(OutdatedError, answer_with(409))
    app.add_exception_handler(TableError, answer_with(500))
    add_writing_errors(app)


def _add_learning(
    app: FastAPI, decisions: Decisions, refit: Refit, answer: Callable[..., dict[str, Any]]
) -> None:
    @app.post("/api/audit/learn")
    def learn(moment: Moment) -> dict[str, Any]:
        n_rows = decisions.learn(refit)
        return answer(moment, n=n_rows)


def add_clips(app: FastAPI, clips: PlayableClips, votes: NeighborVotes) -> None:
    """Add the route of a clip and its neighbors."""

    @app.get("/api/rows/{id}")
    def clip(id: int) -> dict[str, Any]:
        content = clips.clip(id)
        neighbors = votes.of(id, *clips.table.rows())
        return {
            **content,
            "neighbors": [dataclasses.asdict(each) | clips.clip(each.id) for each in neighbors],
        }


def _moment(decisions: Decisions, mark: Mark) -> dict[str, Any]:
    return {**dataclasses.asdict(mark), "n_steps": len(decisions.steps.get(mark.table, []))}


def _by_number(rows: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return what can change of rows, by their numbers."""
    return rows[["suggested", "p_wrong", "decision", "new_label"]].to_dict("index")


def _plain(column: pd.Series) -> list[Any]:
    """Return values that JSON has; a blank time is null."""
    return [None if value != value else value for value in column.tolist()]
