"""What the server answers about the sound of a row: pictures, a stretch as WAV, its recording.

GET /api/rows/{id}/thumbnail     picture of its window
GET /api/rows/{id}/spectrogram   PNG of a stretch of its recording: ?start_s=&end_s=
GET /api/rows/{id}/sound         WAV of the same stretch
GET /api/rows/{id}/recording     its sound file, if browsers play it
"""

from typing import Any, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from soundalike.audio.audio_error import AudioError
from soundalike.explore.byte_ranges import ranged_response
from soundalike.explore.sounds import checked_stretch, playable_type, wav_of, waveform_of
from soundalike.explore.spectrograms import MOST_FRAMES, spectrogram

PNG = "image/png"
N_BANDS, THUMBNAIL_BANDS, THUMBNAIL_FRAMES = 160, 48, 96
NO_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 48"><rect width="96" height="48" '
    'fill="#555"/><text x="48" y="29" fill="#fff" font-family="sans-serif" font-size="14" '
    'text-anchor="middle">no sound</text></svg>'
)
# Rows and their sounds do not change while the server runs: what a browser has, it may keep.
CACHED = {"cache-control": "private, max-age=3600"}


class SoundRows(Protocol):
    """Rows that have a sound each."""

    def row(self, id: int) -> dict[str, Any]:
        """Return a row with ``start_s`` and ``end_s``."""

    def file_of(self, id: int) -> str:
        """Return the file of a row."""


def add_sounds(app: FastAPI, rows: SoundRows) -> None:
    """Add the routes to a server; `plain_errors.add_errors` answers what they raise."""

    @app.get("/api/rows/{id}/thumbnail")
    def thumbnail(id: int) -> Response:
        path = rows.file_of(id)
        try:
            row = rows.row(id)
            waveform, rate = waveform_of(path, row["start_s"], row["end_s"])
        except AudioError:  # the page says why when the row is opened
            return Response(NO_PICTURE, media_type="image/svg+xml")
        picture = spectrogram(waveform, rate, THUMBNAIL_BANDS, THUMBNAIL_FRAMES)
        return Response(picture, media_type=PNG, headers=CACHED)

    @app.get("/api/rows/{id}/spectrogram")
    def picture(id: int, start_s: float, end_s: float) -> Response:
        stretch = checked_stretch(start_s, end_s)
        waveform, rate = waveform_of(rows.file_of(id), stretch.start_s, stretch.end_s)
        content = spectrogram(waveform, rate, N_BANDS, MOST_FRAMES)
        headers = {**CACHED, "x-highest-hz": str(rate / 2)}
        return Response(content, media_type=PNG, headers=headers)

    @app.get("/api/rows/{id}/sound")
    def sound(id: int, start_s: float, end_s: float, request: Request) -> Response:
        stretch = checked_stretch(start_s, end_s)
        content = wav_of(rows.file_of(id), stretch.start_s, stretch.end_s)
        return ranged_response(content, "audio/wav", request.headers.get("range"))

    @app.get("/api/rows/{id}/recording")
    def recording(id: int) -> Response:
        path = rows.file_of(id)
        media_type = playable_type(path)
        if media_type is None:
            return JSONResponse({"message": f"{path}: browsers do not play this format."}, 415)
        return FileResponse(path, media_type=media_type)  # answers Range
