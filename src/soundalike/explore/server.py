"""The server: numbers and pictures of a collection for the page, and the sounds of its rows.

It reads the archive and the sounds of its rows, by their ids, and writes only labels and
classifiers. Rows are addressed by their ids in the archive; arrays are in the order of the ids,
little-endian. What it answers about sounds that are alike is in `search_routes`, about labels in
`label_routes`, and about detectors in `loop_routes`.

GET /                                the page, and its modules by name
GET /api/collection                  what the archive is, names for colors, states of the maps
GET /api/ids                         float64 [rows]; JavaScript has no exact int64
GET /api/points/{map}                float32 [rows, 2], from -1 to 1; 204 while it is computed
GET /api/colors/{name}               uint16 [rows], positions of names; or float32 [rows], a scale
GET /api/colors/{name}/key           these names; or the ends of the scale, which are 0 and 1
GET /api/matching?text=              uint32 [matches], positions of rows
GET /api/maps                        states of the maps
GET /api/rows?id=                    rows
GET /api/rows/{id}                   the row, and the stretch around it
GET /api/rows/{id}/thumbnail         picture of its window
GET /api/rows/{id}/spectrogram       PNG of a stretch of its recording: ?start_s=&end_s=
GET /api/rows/{id}/sound             WAV of the same stretch
GET /api/rows/{id}/recording         its sound file, if browsers play it
"""

from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response

from soundalike.audio.audio_error import AudioError
from soundalike.explore.answers import RowIds, plain
from soundalike.explore.byte_ranges import ranged_response
from soundalike.explore.collection import Collection, NoSuchRowError
from soundalike.explore.colors import Colorings
from soundalike.explore.label_routes import add_labels
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.layouts import Layouts
from soundalike.explore.loop_routes import Detectors, add_loop
from soundalike.explore.map_routes import add_map
from soundalike.explore.page_files import PAGE_FILES
from soundalike.explore.search_routes import add_search
from soundalike.explore.sounds import (
    StretchError,
    checked_stretch,
    context,
    playable_type,
    wav_of,
    waveform_of,
)
from soundalike.explore.spectrograms import MOST_FRAMES, spectrogram
from soundalike.search.queries import QueryError

PNG = "image/png"
N_BANDS, THUMBNAIL_BANDS, THUMBNAIL_FRAMES = 160, 48, 96
NO_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 48"><rect width="96" height="48" '
    'fill="#555"/><text x="48" y="29" fill="#fff" font-family="sans-serif" font-size="14" '
    'text-anchor="middle">no sound</text></svg>'
)
# Rows and their sounds do not change while the server runs: what a browser has, it may keep.
CACHED = {"cache-control": "private, max-age=3600"}


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
    _add_errors(app, collection)
    _add_page(app)
    add_map(app, collection, layouts, colors)
    add_search(app, collection)
    add_labels(app, labels)
    add_loop(app, Detectors(collection))
    _add_rows(app, collection)
    _add_sounds(app, collection)
    return app


def _add_errors(app: FastAPI, collection: Collection) -> None:
    """Answer errors with one plain line."""

    def answer(status: int) -> Any:
        async def handler(request: Request, error: Exception) -> JSONResponse:
            return JSONResponse({"message": str(error)}, status)

        return handler

    async def unreadable(request: Request, error: AudioError) -> JSONResponse:
        message = str(error)
        if error.problem == "missing":
            message = (
                f"{error.path}: there is no such file. If the sounds have been moved, start "
                f"explore again with: soundalike explore {collection.archive.path} --root FOLDER"
            )
        return JSONResponse({"message": message}, 404)

    async def malformed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": "the request is malformed: reload the page."}, 400)

    app.add_exception_handler(NoSuchRowError, answer(404))
    app.add_exception_handler(QueryError, answer(400))
    app.add_exception_handler(StretchError, answer(400))
    app.add_exception_handler(AudioError, cast(Any, unreadable))
    app.add_exception_handler(RequestValidationError, malformed)


def _add_page(app: FastAPI) -> None:
    @app.get("/{name}")
    @app.get("/")
    def page_file(name: str = "index.html") -> Response:
        if name not in PAGE_FILES:
            return JSONResponse({"message": f"there is no {name!r} here."}, 404)
        path, media_type = PAGE_FILES[name]
        return FileResponse(path, media_type=media_type, headers={"cache-control": "no-cache"})


def _add_rows(app: FastAPI, collection: Collection) -> None:
    @app.get("/api/rows")
    def rows(id: RowIds) -> list[dict[str, Any]]:
        return [plain(collection.row(each)) for each in id]

    @app.get("/api/rows/{id}")
    def row(id: int) -> dict[str, Any]:
        content = plain(collection.row(id))
        around = context(content["start_s"], content["end_s"], content["recording_end_s"])
        return {**content, "context": {"start_s": around.start_s, "end_s": around.end_s}}


def _add_sounds(app: FastAPI, collection: Collection) -> None:
    @app.get("/api/rows/{id}/thumbnail")
    def thumbnail(id: int) -> Response:
        row = collection.row(id)
        try:
            waveform, rate = waveform_of(collection.file_of(id), row["start_s"], row["end_s"])
        except AudioError:  # the page says why when the row is opened
            return Response(NO_PICTURE, media_type="image/svg+xml")
        picture = spectrogram(waveform, rate, THUMBNAIL_BANDS, THUMBNAIL_FRAMES)
        return Response(picture, media_type=PNG, headers=CACHED)

    @app.get("/api/rows/{id}/spectrogram")
    def picture(id: int, start_s: float, end_s: float) -> Response:
        stretch = checked_stretch(start_s, end_s)
        waveform, rate = waveform_of(collection.file_of(id), stretch.start_s, stretch.end_s)
        content = spectrogram(waveform, rate, N_BANDS, MOST_FRAMES)
        headers = {**CACHED, "x-highest-hz": str(rate / 2)}
        return Response(content, media_type=PNG, headers=headers)

    @app.get("/api/rows/{id}/sound")
    def sound(id: int, start_s: float, end_s: float, request: Request) -> Response:
        stretch = checked_stretch(start_s, end_s)
        content = wav_of(collection.file_of(id), stretch.start_s, stretch.end_s)
        return ranged_response(content, "audio/wav", request.headers.get("range"))

    @app.get("/api/rows/{id}/recording")
    def recording(id: int) -> Response:
        path = collection.file_of(id)
        media_type = playable_type(path)
        if media_type is None:
            return JSONResponse({"message": f"{path}: browsers do not play this format."}, 415)
        return FileResponse(path, media_type=media_type)  # answers Range
