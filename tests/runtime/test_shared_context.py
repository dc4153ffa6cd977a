"""A context shared by threads."""

import contextlib

import pytest

from soundalike.runtime.shared_context import SharedContext


@pytest.fixture
def events():
    return []


@pytest.fixture
def shared(events):
    @contextlib.contextmanager
    def context():
        events.append("enter")
        yield
        events.append("leave")

    return SharedContext(context)


def test_the_context_is_entered_once_and_exited_by_the_last_user(shared, events):
    first, second = shared(), shared()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert events == ["enter"]
    second.__exit__(None, None, None)
    assert events == ["enter", "leave"]


def test_the_context_can_be_entered_again(shared, events):
    for _ in range(2):
        with shared():
            pass
    assert events == 2 * ["enter", "leave"]


def test_an_error_exits_the_context(shared, events):
    with pytest.raises(KeyError), shared():
        raise KeyError
    assert events == ["enter", "leave"]
