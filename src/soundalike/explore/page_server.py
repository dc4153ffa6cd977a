"""A server on this machine that answers a page of ours, until it is interrupted."""

import logging
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from soundalike.explore.request_guard import App, RequestGuard

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


def server_of(
    app: App,
    listener: socket.socket,
    ready: Callable[[str], object],
) -> uvicorn.Server:
    """Return the server of a page, which answers only that page and runs with `run`.

    Args:
        app: what answers the page.
        listener: see `listen`.
        ready: called with the address of the page when the server answers.
    """
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        RequestGuard(app, port), log_level=logging.ERROR, access_log=False, lifespan="off",
        ws="none", server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return _Server(config, lambda: ready(f"http://{ADDRESS}:{port}/"))


@contextmanager
def until_interrupted(listener: socket.socket) -> Iterator[None]:
    """Let a server run inside until Ctrl-C; then close its socket."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def open_page(address: str) -> None:
    """Open a page in the user's browser, if there is one."""
    webbrowser.open(address)


class _Server(uvicorn.Server):
    """A server that says when it answers, and ends without a word."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Answers that nobody waits for are given up; uvicorn would print where each of them was.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)
