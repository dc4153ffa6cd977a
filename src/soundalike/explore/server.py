"""The server: numbers and pictures of a collection for the page, and the sounds of its rows.

It reads the archive and the sounds of its rows, by their ids, and writes only labels and
classifiers. Rows are addressed by their ids in the archive; arrays are in the order of the ids,
little-endian. What it answers about sounds is in `sound_routes`, about sounds that are alike in
`search_routes`, about labels in `label_routes`, and about detectors in `loop_routes`.

GET /                                the page, and its modules by name
GET /api/collection                  what the archive is, names for colors, states of the maps
GET /api/ids                         float64 [rows]; JavaScript has no exact int64
GET /api/points/{map}                float32 [rows, 2], from -1 to 1; 204 while it is computed
GET /api/colors/{name}               uint16 [rows], positions of names; or float32 [rows], a scale
GET /api/colors/{name}/key           these names; or the ends of the scale, which are 0 and 1
GET /api/matching?text=              uint32 [matches], positions of rows
GET /api/maps                        states of the maps
POST /api/maps                       the same; the page has drawn its first map, so UMAP may start
GET /api/rows?id=                    rows
GET /api/rows/{id}                   the row, and the stretch around it
"""

import shlex
from typing import Any

from fastapi import FastAPI

from soundalike.explore.answers import RowIds, plain
from soundalike.explore.collection import Collection
from soundalike.explore.colors import Colorings
from soundalike.explore.label_routes import add_labels
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.layouts import Layouts
from soundalike.explore.loop_routes import Detectors, add_loop
from soundalike.explore.map_routes import add_map
from soundalike.explore.page_files import PAGE_FILES, add_page
from soundalike.explore.plain_errors import add_errors, answer_with
from soundalike.explore.search_routes import add_search
from soundalike.explore.sound_routes import add_sounds
from soundalike.explore.sounds import context
from soundalike.search.queries import QueryError


def create_app(
    collection: Collection, layouts: Layouts, labels: LabeledRows, colors: Colorings
) -> FastAPI:
    """Return the server of a collection, without the guard.

    Args:
        collection: what is served.
        layouts: its maps.
        labels: what a person says about it.
        colors: what its points can be colored by.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_errors(
        app,
        "If the sounds have been moved, start explore again with: "
        f"soundalike explore {shlex.quote(str(collection.archive.path))} --root FOLDER",
    )
    app.add_exception_handler(QueryError, answer_with(400))
    add_page(app, PAGE_FILES)
    add_map(app, collection, layouts, colors)
    add_search(app, collection)
    add_labels(app, labels)
    add_loop(app, Detectors(collection))
    _add_rows(app, collection)
    add_sounds(app, collection)
    return app


def _add_rows(app: FastAPI, collection: Collection) -> None:
    @app.get("/api/rows")
    def rows(id: RowIds) -> list[dict[str, Any]]:
        return [plain(collection.row(each)) for each in id]

    @app.get("/api/rows/{id}")
    def row(id: int) -> dict[str, Any]:
        content = plain(collection.row(id))
        around = context(content["start_s"], content["end_s"], content["recording_end_s"])
        return {**content, "context": {"start_s": around.start_s, "end_s": around.end_s}}
