"""A client of a page's server that can send any header and any path."""

import contextlib
import http.client
import json
import threading
from dataclasses import dataclass

import numpy as np

from soundalike.explore.page_server import listen, server_of


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self):
        return json.loads(self.content)

    def numbers(self, dtype):
        return np.frombuffer(self.content, dtype)


@dataclass(frozen=True)
class Client:
    """Sends requests to a server on this machine."""

    port: int

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def post(self, target, content=None, **headers):
        """Send content as JSON, as the page does."""
        headers = {"Origin": self.address.rstrip("/"), "Content_Type": "application/json"} | headers
        return self.get(target, "POST", json.dumps(content or {}).encode(), **headers)

    def get(self, target, method="GET", body=b"", **headers):
        """Request a target as it is; headers' underscores stand for dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers.setdefault("Host", f"127.0.0.1:{self.port}")
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if body:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, names, response.read())
        connection.close()
        return answer


@contextlib.contextmanager
def served(app):
    """Serve an application of a page in a thread, and yield a client of it."""
    is_ready, listener = threading.Event(), listen(0)
    server = server_of(app, listener, lambda address: is_ready.set())
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        assert is_ready.wait(60)
        yield Client(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(5)  # a server that still waits for a browser ends with the tests
        listener.close()
