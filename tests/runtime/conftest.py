"""A clock that moves when a test moves it."""

from dataclasses import dataclass

import pytest

from soundalike.runtime import heartbeat, progress
from soundalike.runtime.heartbeat import LogLines


@dataclass
class Clock:
    """Tells the time that a test sets, in seconds."""

    now: float = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lines(clock, monkeypatch):
    """Lines in log files, by that clock."""
    log_lines = LogLines(clock)
    for module in (heartbeat, progress):
        monkeypatch.setattr(module, "LINES", log_lines)
    return log_lines
