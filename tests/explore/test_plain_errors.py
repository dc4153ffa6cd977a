"""Errors in one plain line."""

import errno
import os

import pytest
from explored import served
from fastapi import FastAPI

from soundalike.audio.audio_error import AudioError
from soundalike.explore.plain_errors import add_errors, add_writing_errors
from soundalike.explore.sounds import NoSuchRowError, StretchError
from soundalike.runtime.lock import InUseError

ERRORS = {
    "row": NoSuchRowError("no row 3: reload."),
    "stretch": StretchError("1 to 0 s is no part."),
    "lock": InUseError("a: in use."),
    "disk": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "labels.csv"),
    "sound": AudioError("a.wav", "missing", "x"),
}


@pytest.fixture(scope="module")
def client():
    """A client of a server that answers errors."""
    app = FastAPI()
    add_errors(app, "Look for it.")
    add_writing_errors(app)

    @app.get("/fail")
    def fail(name: str):
        raise ERRORS[name]

    with served(app) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("row", 404, "no row 3: reload."),
        ("stretch", 400, "1 to 0 s is no part."),
        ("lock", 503, "a: in use."),
        ("disk", 507, "labels.csv: no space left on device."),
        ("sound", 404, "a.wav: there is no such file. Look for it."),
    ],
)
def test_an_error_is_answered_with_its_message(client, name, status, message):
    answer = client.get(f"/fail?name={name}")
    assert (answer.status, answer.json()) == (status, {"message": message})


def test_a_malformed_request_is_refused(client):
    answer = client.get("/fail")
    assert answer.status == 400
    assert answer.json() == {"message": "the request is malformed: reload the page."}
