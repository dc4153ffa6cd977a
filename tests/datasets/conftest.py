"""Stores in memory, and a server to download from."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.datasets import fetching
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.identical import HASH, AudioHash
from soundalike.datasets.store import Store

SILENT = -1


@pytest.fixture(scope="session")
def make_store():
    """Return a function that makes a store; clips with the same number in `audio` are identical.

    By default all clips differ. A clip with the number -1 is silent.
    """

    def make(clips: list[Clip], audio: list[int] | None = None) -> Store:
        numbers = np.array(range(len(clips)) if audio is None else audio, np.float16)
        frames = numbers[:, None] + np.arange(3, dtype=np.float16)
        frames[numbers == SILENT] = -7.96
        frames = np.repeat(frames, 2, axis=0)
        return Store(
            path=None,
            front_end=LogMel(),
            clips=ClipTable.of("made", clips),
            frames=frames,
            offsets=np.arange(len(clips)) * 2,
            n_frames=np.full(len(clips), 2),
            audio=hashes(frames.reshape(len(clips), 2, 3)),
            fingerprint="",
            n_problems=0,
        )

    return make


def hashes(log_mels):
    """Return the `AudioHash` of each log_mel."""
    digests = []
    for log_mel in log_mels:
        audio = AudioHash()
        audio.add(log_mel)
        digests.append(audio.digest())
    return np.array(digests, dtype=HASH)


class Shelf(ThreadingHTTPServer):
    """A local file server that can be told to misbehave.

    Args:
        files: the files it serves, by URL path.
        knows_ranges: If true, it supports range requests.
        cuts: number of responses that it breaks off halfway.
        answers: status codes of the next requests, instead of a file.
        stalls: If true, it stops sending halfway.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Hand)
        self.files = files
        self.knows_ranges = True
        self.cuts = 0
        self.answers: list[int] = []
        self.stalls = False
        self.asked: list[tuple[str, str | None]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """URL of a file, with {} for its name."""
        return f"http://127.0.0.1:{self.server_port}/{{}}?download=1"

    @property
    def ranges(self) -> list[str | None]:
        """The requested ranges; None is a whole file."""
        return [of for _, of in self.asked]


class Hand(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/")
        asked_for = self.headers["Range"]
        self.server.asked.append((name, asked_for))
        if self.server.answers:
            self.send_error(self.server.answers.pop(0))
        elif name not in self.server.files:
            self.send_error(404)
        elif asked_for and self.server.knows_ranges:
            self.send_rest(self.server.files[name], int(asked_for[len("bytes=") : -1]))
        else:
            self.send_response(200)
            self.send_body(self.server.files[name])

    def send_rest(self, body: bytes, start: int) -> None:
        if start >= len(body):
            self.send_error(416)
            return
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_body(body[start:])

    def send_body(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cuts or self.server.stalls:
            self.server.cuts = max(self.server.cuts - 1, 0)
            body = body[: (len(body) + 1) // 2]
        self.wfile.write(body)
        self.wfile.flush()
        if self.server.stalls:
            self.server.closing.wait(10)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shelf(monkeypatch):
    """A server without files; downloads have short timeouts."""
    monkeypatch.setattr(fetching, "PAUSE_S", 0.01)
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 100)
    with Shelf({}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()
