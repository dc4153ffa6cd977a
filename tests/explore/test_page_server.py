"""Where a server listens, and how it ends."""

import os
import signal
import socket

import pytest
from fastapi import FastAPI

from soundalike.explore import page_server
from soundalike.explore.page_server import (
    PortError,
    listen,
    open_page,
    server_of,
    until_interrupted,
)


def test_only_this_machine_can_connect():
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_free_port_is_taken_if_the_usual_one_is_not(monkeypatch):
    with listen(0) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(page_server, "USUAL_PORT", port)
        with listen() as listener:
            assert listener.getsockname()[1] != port


def test_a_port_in_use_is_refused():
    with listen(0) as other, pytest.raises(PortError, match="address already in use: choose"):
        listen(other.getsockname()[1])
    with pytest.raises(PortError, match="no such port"):
        listen(70_000)


def test_the_socket_can_be_used_again_at_once():
    with listen(0) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
    with listen(port) as listener:
        assert listener.getsockname()[1] == port


def test_the_page_is_opened_in_the_browser(monkeypatch):
    pages = []
    monkeypatch.setattr(page_server.webbrowser, "open", pages.append)
    open_page("http://127.0.0.1:1/")
    assert pages == ["http://127.0.0.1:1/"]


def test_ctrl_c_ends_a_server_and_frees_its_port():
    listener, addresses = listen(0), []

    def ready(address):
        addresses.append(address)
        os.kill(os.getpid(), signal.SIGINT)

    port = listener.getsockname()[1]
    with until_interrupted(listener):
        server_of(FastAPI(), listener, ready).run([listener])
    assert addresses == [f"http://127.0.0.1:{port}/"]
    listen(port).close()
