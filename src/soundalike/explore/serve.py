"""Run the server on this machine until it is interrupted."""

import logging
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from soundalike.explore.collection import Collection
from soundalike.explore.colors import colorings
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.layouts import Layouts
from soundalike.explore.request_guard import RequestGuard
from soundalike.explore.server import create_app

ADDRESS, USUAL_PORT = "127.0.0.1", 8484


class PortError(Exception):
    """The server cannot use a port; the one-line message says what to do."""

    exit_code = 2


def listen(port: int | None = None) -> socket.socket:
    """Return a socket on this machine's own address.

    Args:
        port: to listen on; by default 8484 if it is free, or any that is.

    Raises:
        PortError: the port is in use.
    """
    for each in (USUAL_PORT, 0) if port is None else (port,):
        candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((ADDRESS, each))
            candidate.listen()
        except (OSError, OverflowError) as error:
            candidate.close()
            reason = getattr(error, "strerror", None) or "there is no such port"
        else:
            return candidate
    raise PortError(
        f"port {port}: {reason.lower()}: choose another, or leave out --port to have a free one."
    )


def make_server(
    collection: Collection,
    layouts: Layouts,
    listener: socket.socket,
    ready: Callable[[str], object],
) -> uvicorn.Server:
    """Return the server of a collection, which runs with `run`.

    Args:
        collection: what is served.
        layouts: its maps.
        listener: see `listen`.
        ready: called with the address of the page when the server answers.
    """
    port = listener.getsockname()[1]
    labels = LabeledRows(collection)
    app = RequestGuard(create_app(collection, layouts, labels, colorings(collection, labels)), port)
    config = uvicorn.Config(
        app, log_level=logging.ERROR, access_log=False, lifespan="off", ws="none",
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return _Server(config, layouts, lambda: ready(f"http://{ADDRESS}:{port}/"))


def serve(collection: Collection, listener: socket.socket, ready: Callable[[str], object]) -> None:
    """Serve a collection until the process is interrupted; see `make_server`."""
    try:
        with Layouts(collection) as layouts:
            make_server(collection, layouts, listener, ready).run([listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def open_page(address: str) -> None:
    """Open a page in the user's browser, if there is one."""
    webbrowser.open(address)


class _Server(uvicorn.Server):
    """A server that says when it answers; it computes the first map while the browser starts."""

    def __init__(
        self, config: uvicorn.Config, layouts: Layouts, ready: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self.layouts = layouts
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        threading.Thread(target=self.layouts.prepare, daemon=True).start()
        await super().startup(sockets)
        self.ready()
