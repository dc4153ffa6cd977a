"""A first signal requests a stop, a second one interrupts at once."""

import os
import signal
import threading

import pytest

from soundalike.runtime.interrupt import StopSignal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_and_the_old_handler_is_restored(number):
    before = signal.getsignal(number)
    with StopSignal() as stop:
        assert not stop.is_set
        os.kill(os.getpid(), number)
        assert stop.is_set
    assert signal.getsignal(number) == before


def test_the_first_signal_says_what_is_completed(capfd):
    with StopSignal("step"):
        os.kill(os.getpid(), signal.SIGINT)
    line = "stopping after this step; Ctrl-C again stops at once"
    assert capfd.readouterr().err.splitlines() == ["", line]
    with StopSignal():
        os.kill(os.getpid(), signal.SIGINT)
    assert capfd.readouterr().err == ""


def test_a_second_signal_interrupts_at_once():
    with StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_it_can_be_used_outside_the_main_thread():
    seen = []

    def work():
        with StopSignal() as stop:
            seen.append(stop.is_set)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
