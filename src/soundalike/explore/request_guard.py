"""Refuse requests that do not come from the server's own page.

The server listens on this machine only, but any page that is open in the same browser can send it
requests. Three headers tell them apart:

Host            names the server's own address. A page that has its own domain resolve to this
                machine (DNS rebinding) sends the name of that domain.
Origin          names the page that sends the request; browsers add it to requests whose answer
                another page could read, and to all that could change something: without it, those
                are refused.
Sec-Fetch-Site  says whether picture, sound or script is requested by a page of another site, which
                has no Origin. A person who follows a link from there may open the page.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost")
READING = ("GET", "HEAD")
OWN_SITE = {"", "none", "same-origin"}
# regl compiles its drawing commands with `new Function`; wavesurfer.js brings style elements.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' blob:; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class RequestGuard:
    """An ASGI application around another one, which passes on the requests of its own page.

    Args:
        app: the other application.
        port: that the server listens on.
    """

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}" for name in LOOPBACK}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and (reason := self.refusal(scope)):
            await _refuse(send, reason)
        elif scope["type"] in ("http", "lifespan"):
            await self.app(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def refusal(self, scope: Message) -> str:
        """Return why a request is refused; "" if it is not."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts, origins = headers.get("host", []), headers.get("origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return "the address is not that of this server: open the one it has printed"
        if not {origin.lower() for origin in origins} <= self.origins:
            return "another page may not use this server"
        if not origins and scope["method"] not in READING:
            return "only the page of this server may change something"
        is_link = scope["method"] == "GET" and headers.get("sec-fetch-mode") == ["navigate"]
        is_own = set(headers.get("sec-fetch-site", [])) <= OWN_SITE
        if not is_own and not (is_link and scope["path"] == "/"):
            return "another page may not use this server"
        return ""


async def _refuse(send: Send, reason: str) -> None:
    content = json.dumps({"message": reason}).encode()
    start = {"type": "http.response.start", "status": 403}
    await _with_headers(send)({**start, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": content})


def _with_headers(send: Send) -> Send:
    """Add the headers that keep a page of ours to its own server."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message["headers"], *ours]}
        await send(message)

    return send_with_headers
