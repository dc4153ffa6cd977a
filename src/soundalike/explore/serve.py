"""Serve the map of a collection on this machine until it is interrupted."""

import socket
from collections.abc import Callable

import uvicorn

from soundalike.explore.collection import Collection
from soundalike.explore.colors import colorings
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.layouts import Layouts
from soundalike.explore.page_server import server_of, until_interrupted


def make_server(
    collection: Collection,
    layouts: Layouts,
    listener: socket.socket,
    ready: Callable[[str], object],
) -> uvicorn.Server:
    """Return the server of a collection.

    Args:
        collection: what is served.
        layouts: its maps.
        listener: see `page_server.listen`.
        ready: called with the address of the page when the server answers.
    """
    # FastAPI takes a while to import, in which the first map is computed.
    from soundalike.explore.server import create_app

    labels = LabeledRows(collection)
    app = create_app(collection, layouts, labels, colorings(collection, labels))
    return server_of(app, listener, ready)


def serve(collection: Collection, listener: socket.socket, ready: Callable[[str], object]) -> None:
    """Serve a collection until the process is interrupted; see `make_server`."""
    with until_interrupted(listener), Layouts(collection) as layouts:
        make_server(collection, layouts, listener, ready).run([listener])
