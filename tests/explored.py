"""A client of the explore server that can send any header and any path."""

import http.client
import json
from dataclasses import dataclass

import numpy as np


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
