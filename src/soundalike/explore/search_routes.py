"""What the server answers about sounds that are alike.

GET /api/similar?id=&unlike=&k=              rows with their similarities
GET /api/rows/{id}/similar?start_s=&end_s=   the same for a stretch of the row's recording
GET /api/rows/{id}/copies                    rows that hold a part of the row's sound
"""

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from soundalike.embedding.model_path import ModelError
from soundalike.explore.answers import NumberOfHits, RowIds, plain
from soundalike.explore.collection import Collection
from soundalike.explore.copies import copies_of
from soundalike.explore.sounds import checked_stretch


def add_search(app: FastAPI, collection: Collection) -> None:
    """Add the routes to the server of a collection."""

    @app.get("/api/similar")
    def similar(
        id: RowIds,
        unlike: Annotated[list[int], Query()] = [],  # noqa: B006  FastAPI copies it
        k: NumberOfHits = 50,
        all_windows: bool = False,
    ) -> list[dict[str, Any]]:
        return list(map(plain, collection.similar(id, k, unlike=unlike, all_windows=all_windows)))

    @app.get("/api/rows/{id}/similar")
    def similar_to_stretch(
        id: int, start_s: float, end_s: float, k: NumberOfHits = 50
    ) -> list[dict[str, Any]]:
        stretch = checked_stretch(start_s, end_s)
        return list(map(plain, collection.similar_to_stretch(id, stretch, k)))

    @app.get("/api/rows/{id}/copies")
    def copies(id: int) -> list[dict[str, Any]]:
        return list(map(plain, copies_of(collection, id)))

    async def without_model(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": str(error)}, 400)

    app.add_exception_handler(ModelError, without_model)
