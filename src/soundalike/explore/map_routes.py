"""What the server answers about all rows at once: where they are drawn, and in which colors."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from soundalike.explore.answers import numbers
from soundalike.explore.collection import Collection
from soundalike.explore.colors import Colorings, Scale
from soundalike.explore.layouts import Layouts


def add_map(app: FastAPI, collection: Collection, layouts: Layouts, colors: Colorings) -> None:
    """Add the answers about the map to a server; see `server`."""

    @app.get("/api/collection")
    def describe() -> dict[str, Any]:
        archive = collection.archive
        return {
            "path": str(archive.path),
            "root": archive.head.root,
            "n_rows": len(collection),
            "n_recordings": int(collection.rows["recording"].nunique()),
            "colors": list(colors),
            "maps": layouts.states(),
        }

    @app.get("/api/maps")
    def maps() -> dict[str, str]:
        return layouts.states()

    @app.post("/api/maps")
    def start_umap() -> dict[str, str]:
        layouts.start_umap()
        return layouts.states()

    @app.get("/api/ids")
    def ids() -> Response:
        return numbers(collection.ids.astype("<f8"))

    @app.get("/api/points/{name}")
    def points(name: str) -> Response:
        values = layouts.points(name)
        return Response(status_code=204) if values is None else numbers(values.astype("<f4"))

    @app.get("/api/colors/{name}/key")
    def key(name: str) -> Response:
        if name not in colors:
            return _no_color(name)
        coloring = colors[name]()
        if isinstance(coloring, Scale):
            return JSONResponse({"kind": "scale", "ends": coloring.ends})
        names, is_last_gray = coloring.names, coloring.has_none
        return JSONResponse({"kind": "names", "names": names, "isLastGray": is_last_gray})

    @app.get("/api/colors/{name}")
    def color(name: str) -> Response:
        if name not in colors:
            return _no_color(name)
        coloring = colors[name]()
        if isinstance(coloring, Scale):
            return numbers(coloring.values.astype("<f4"))
        return numbers(coloring.codes.astype("<u2"))

    @app.get("/api/matching")
    def matching(text: str) -> Response:
        return numbers(collection.matching(text).astype("<u4"))


def _no_color(name: str) -> Response:
    return JSONResponse({"message": f"there are no colors by {name!r}."}, 404)
