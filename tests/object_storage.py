"""A server of S3 for tests, and what may happen between it and us."""

import contextlib
import http.client
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

BUCKET = "bucket"


@contextlib.contextmanager
def object_storage() -> Iterator[str]:
    """Run a server with an empty bucket; the variables of the environment name it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it writes a line for every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with environment(f"http://{host}:{port}"):
            request("PUT", f"{host}:{port}", f"/{BUCKET}")
            yield f"{host}:{port}"
    finally:
        server.stop()


def environment(address: str):
    """Name a server in the environment, within a context."""
    variables = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    return mock.patch.dict(os.environ, variables)


def request(method: str, server: str, path: str) -> bytes:
    """Ask a server for something, unsigned."""
    connection = http.client.HTTPConnection(server)
    connection.request(method, path)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return content


class Gateway(ThreadingHTTPServer):
    """Passes requests on to a server, and may lose its answers.

    Args:
        server: its host and port.
        loses: says of the method and the path of a request whether its answer is lost.
        asks_before: If true, it is asked before the request is passed on, which is then lost, too.
    """

    daemon_threads = True

    def __init__(
        self, server: str, loses: Callable[[str, str], bool], asks_before: bool = False
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target, self.loses, self.asks_before = server, loses, asks_before

    @property
    def address(self) -> str:
        """Address of this gateway."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run it within a context, in which the environment names it."""
        thread = threading.Thread(target=self.serve_forever)
        thread.start()
        try:
            with environment(self.address):
                yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that the client has closed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Passing(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def _body(self) -> bytes:
        """Return the content of the request, which may come in pieces of a length each."""
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while n_bytes := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(n_bytes + 2)[:-2])
        self.rfile.readline()
        return b"".join(pieces)

    def _pass(self) -> None:
        body = self._body()
        if self.server.asks_before and self.server.loses(self.command, self.path):
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.server.target)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "transfer-encoding"}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        if not self.server.asks_before and self.server.loses(self.command, self.path):
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def killed_at_every_upload(server, nursery, reaches, program, *words):
    """Run a program until it ends: killed at its first upload, then at its second, and so on.

    Args:
        server: address of the server.
        nursery: starts processes.
        reaches: whether an upload reaches the server before the kill.
        program: Python code.
        *words: its arguments.

    Returns:
        How often it was run.
    """
    n_runs, n_uploads, is_killed, process = 0, 0, True, None

    def count(method, path):
        nonlocal n_uploads, is_killed
        n_uploads += method in ("PUT", "POST")
        if n_uploads == n_runs and not is_killed:
            is_killed = True
            os.kill(process.pid, signal.SIGKILL)
        return is_killed

    gateway = Gateway(server, count, asks_before=not reaches)
    with gateway.running():
        while is_killed:
            n_runs, n_uploads, is_killed = n_runs + 1, 0, False
            process = nursery.start("-c", program, *words)
            _, errors = process.communicate()
            assert process.returncode == (-signal.SIGKILL if is_killed else 0), errors
    return n_runs
