"""Answer errors with one plain line, which the page shows."""

import os
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from soundalike.audio.audio_error import AudioError
from soundalike.explore.sounds import NoSuchRowError, StretchError
from soundalike.runtime.lock import InUseError


def answer_with(status: int) -> Any:
    """Return a handler that answers with an error's message."""

    async def handler(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": str(error)}, status)

    return handler


def add_errors(app: FastAPI, if_moved: str) -> None:
    """Answer errors of requests and of sounds.

    Args:
        app: the server.
        if_moved: what to do if sounds have been moved, for the message about one that is gone.
    """

    async def unreadable(request: Request, error: AudioError) -> JSONResponse:
        message = str(error)
        if error.problem == "missing":
            message = f"{error.path}: there is no such file. {if_moved}"
        return JSONResponse({"message": message}, 404)

    async def malformed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": "the request is malformed: reload the page."}, 400)

    app.add_exception_handler(NoSuchRowError, answer_with(404))
    app.add_exception_handler(StretchError, answer_with(400))
    app.add_exception_handler(AudioError, cast(Any, unreadable))
    app.add_exception_handler(RequestValidationError, malformed)


def add_writing_errors(app: FastAPI) -> None:
    """Answer what keeps a change from being stored; the page says that it is not."""

    async def of_the_disk(request: Request, error: OSError) -> JSONResponse:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return JSONResponse({"message": f"{error.filename}: {reason}."}, 507)

    app.add_exception_handler(InUseError, answer_with(503))
    app.add_exception_handler(OSError, cast(Any, of_the_disk))
