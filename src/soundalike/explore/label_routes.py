"""What the server answers about labels; the only part of it that writes, to the archive's labels.

GET  /api/labels                          counts, what undo would take back
POST /api/labels                          say that rows, or a stretch, have a label: `Assignment`
POST /api/labels/undo, /api/labels/redo   take back a step, or repeat it
GET  /api/labels/of?id=                   the statements about rows, by their ids
GET  /api/labels/export/{format}          the labels as a file to save: `LABEL_FORMATS`
GET  /api/rows/{id}/events?start_s=&end_s=   statements about other spans of the row's recording

Answers to POST are those of GET /api/labels, with `change`, the step; null if nothing changed.
"""

from pathlib import PurePath
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from soundalike.archive.head import ArchiveError
from soundalike.explore.answers import RowIds
from soundalike.explore.labeled_rows import LabeledRows, in_short
from soundalike.explore.plain_errors import add_writing_errors, answer_with
from soundalike.explore.sounds import checked_stretch
from soundalike.labeling.export import label_file
from soundalike.labeling.label_name import LabelError
from soundalike.labeling.label_table import Change

MOST_ROWS = 1_000_000
TYPES = {".csv": "text/csv", ".zip": "application/zip"}


class LabeledStretch(BaseModel):
    """A stretch of the recording of a row, in seconds."""

    model_config = ConfigDict(extra="forbid")
    id: int
    start_s: float
    end_s: float


class Assignment(BaseModel):
    """What a person says about rows, or about a stretch; see `LabelTable.assign`."""

    model_config = ConfigDict(extra="forbid")
    ids: list[int] = Field(default=[], max_length=MOST_ROWS)
    stretch: LabeledStretch | None = None
    label: str
    value: bool | None
    origin: Literal["chosen", "queue", "random"] = "chosen"


def add_labels(app: FastAPI, labels: LabeledRows) -> None:
    """Add the routes to the server of a collection."""

    def answer(change: Change | None) -> dict[str, Any]:
        return {"change": in_short(change), **labels.summary()}

    @app.get("/api/labels")
    def summary() -> dict[str, Any]:
        return labels.summary()

    @app.post("/api/labels")
    def assign(said: Assignment) -> dict[str, Any]:
        if said.stretch:
            stretch = checked_stretch(said.stretch.start_s, said.stretch.end_s)
            change = labels.assign_stretch(said.stretch.id, stretch, said.label, said.value)
        else:
            change = labels.assign(said.ids, said.label, said.value, said.origin)
        return answer(change)

    @app.post("/api/labels/undo")
    def undo() -> dict[str, Any]:
        return answer(labels.table.undo())

    @app.post("/api/labels/redo")
    def redo() -> dict[str, Any]:
        return answer(labels.table.redo())

    @app.get("/api/labels/of")
    def of_rows(id: RowIds) -> dict[int, list[dict[str, Any]]]:
        return labels.of_rows(id)

    @app.get("/api/rows/{id}/events")
    def events(id: int, start_s: float, end_s: float) -> list[dict[str, Any]]:
        return labels.events(id, checked_stretch(start_s, end_s))

    @app.get("/api/labels/export/{format}")
    def export(format: Literal["manifest", "raven", "audacity", "birdnet"]) -> Response:
        name, content = label_file(labels.collection.archive, format)
        media_type = TYPES[PurePath(name).suffix]
        headers = {
            "content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store",
        }  # fmt: skip
        return Response(content, media_type=media_type, headers=headers)

    app.add_exception_handler(LabelError, answer_with(400))
    app.add_exception_handler(ArchiveError, answer_with(500))
    add_writing_errors(app)
