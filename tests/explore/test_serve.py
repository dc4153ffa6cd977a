"""The server of an archive."""

import os
import signal

from soundalike.archive.head import Head
from soundalike.explore.collection import Collection
from soundalike.explore.page_server import listen
from soundalike.explore.serve import serve
from soundalike.search.archive import Archive


def test_an_archive_is_served_until_ctrl_c(tmp_path):
    listener, addresses = listen(0), []

    def ready(address):
        addresses.append(address)
        os.kill(os.getpid(), signal.SIGINT)

    port = listener.getsockname()[1]
    serve(Collection(Archive.create(tmp_path / "empty", Head(8, "model"))), listener, ready)
    assert addresses == [f"http://127.0.0.1:{port}/"]
    assert listener.fileno() == -1, "its port is free again"
