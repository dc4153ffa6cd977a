"""Programs that tests run in their own processes, without waiting for imports.

Importing torch takes longer than most tests. So one process, the nursery, imports everything once,
and every program is a fork of it, with its own session, environment and output. It can be
interrupted, killed or limited like any other process.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HANG_S = 300  # longer than any busy machine needs; reached only by a program that hangs
MOST_BYTES = 1 << 17  # of a request
LATE_IMPORTS = [  # in functions, of ours and of torch
    "lightning_fabric", "matplotlib.pyplot", "scipy.signal", "sklearn.manifold", "soxr",
    "torch._dynamo",
]  # fmt: skip


class Nursery:
    """Starts programs with all imports done."""

    def __init__(self) -> None:
        self.channel, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
            )

    def start(self, *words: object) -> "Program":
        """Start a program, as Python does: ``start("-m", "soundalike", "scan", "sounds")``."""
        return Program(self.channel, *map(str, words))

    def run(self, *words: object, limit_s: float = HANG_S) -> subprocess.CompletedProcess:
        """Run a program to its end."""
        program = self.start(*words)
        out, errors = program.communicate(limit_s)
        return subprocess.CompletedProcess(words, program.returncode, out, errors)

    def close(self) -> None:
        """End the nursery; programs that still run are left alone."""
        self.channel.close()
        self.process.wait()


class Program:
    """A running program, with the environment and the working folder of the caller."""

    def __init__(self, channel: socket.socket, *words: str) -> None:
        ours, theirs = zip(*(os.pipe() for _ in range(3)), strict=True)
        request = {"words": words, "environment": dict(os.environ), "folder": os.getcwd()}
        socket.send_fds(channel, [json.dumps(request).encode()], theirs)
        for pipe in theirs:
            os.close(pipe)
        out, errors, status = ours
        self.stdout, self.stderr = os.fdopen(out), os.fdopen(errors)
        self._status = os.fdopen(status, "rb", buffering=0)
        self.pid = int(self._status.readline())
        self.returncode: int | None = None

    def poll(self, timeout_s: float = 0.0) -> int | None:
        """Return the exit code (negative: the signal that killed it), or None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], timeout_s)[0]:
            with self._status:
                self.returncode = int(self._status.readline())
        return self.returncode

    def communicate(self, limit_s: float = HANG_S) -> tuple[str, str]:
        """Wait for the end; return the unread output and standard error."""
        readers = ThreadPoolExecutor(2)
        out, errors = (readers.submit(pipe.read) for pipe in (self.stdout, self.stderr))
        readers.shutdown(wait=False)
        assert self.poll(limit_s) is not None, "it hangs"
        return out.result(HANG_S), errors.result(HANG_S)


HOLD = """
def hold():
    with open({gate!r}, "rb", buffering=0) as gate:
        gate.read(1)
"""


class HeldProgram:
    """A script in its own session that waits wherever it calls ``hold()``.

    So a test knows where the program is when it interrupts or kills it, on any machine: nothing
    depends on who is faster.
    """

    def __init__(self, nursery: Nursery, script: str, *arguments: object, folder: Path) -> None:
        self.gate = folder / "gate"
        self.key: int | None = None
        os.mkfifo(self.gate)
        file = folder / "program.py"  # a file, so that processes that are spawned find it too
        file.write_text(HOLD.format(gate=str(self.gate)) + script)
        self.process = nursery.start(file, *arguments)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Wait until the program is at ``hold()``; at the end of the context let it go for good."""
        deadline = time.monotonic() + HANG_S
        while self.key is None:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "it does not come to hold()"
            try:
                self.key = os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # no reader yet
                time.sleep(0.01)
        yield
        with contextlib.suppress(BrokenPipeError):  # it was killed
            os.write(self.key, bytes(1000))  # one for each process that is there or comes later

    def signal(self, number: int) -> None:
        """Send a signal to the program and its workers, as a terminal does."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill only the program, and wait until its workers have ended by themselves."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def output(self) -> tuple[str, str]:
        """Wait for the end of the program; return what it printed, and on standard error."""
        return self.process.communicate()

    def close(self) -> None:
        """Leave nothing running."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.process.communicate()
        if self.key is not None:
            os.close(self.key)


# What follows runs in the nursery.


def next_program(channel: socket.socket) -> dict | None:
    """Fork at every request. Return the request in the fork, and None here after the last one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    while True:
        message, pipes, *_ = socket.recv_fds(channel, MOST_BYTES, 3)
        if not message:
            return None
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channel.close()
            if watched_fork(*pipes):
                return json.loads(message)
        for pipe in pipes:
            os.close(pipe)


def watched_fork(out: int, errors: int, status: int) -> bool:
    """Return True in a fork. Here, report its process ID and exit code, then exit."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(out, 1)
        os.dup2(errors, 2)
        for pipe in (out, errors, status):
            os.close(pipe)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
        return True
    os.close(out)
    os.close(errors)
    os.write(status, b"%d\n" % pid)
    _, code = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%d\n" % os.waitstatus_to_exitcode(code))
    os._exit(0)


def run_program(words: list[str], environment: dict[str, str], folder: str) -> None:
    """Run a program as Python does with these arguments."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    kind, *others = words
    if kind == "-m":
        sys.argv = others
        runpy.run_module(others[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = ["-c", *others[1:]]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(others[0], vars(main))
    else:
        sys.argv = words
        sys.path.insert(0, os.path.dirname(kind))
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    os.fsync = lambda descriptor: None  # nothing here must survive a power failure
    package = importlib.import_module("soundalike")
    ours = [each.name for each in pkgutil.walk_packages(package.__path__, "soundalike.")]
    for module in [*ours, *LATE_IMPORTS]:
        if not module.endswith("__main__"):
            importlib.import_module(module)
    gc.freeze()  # no program looks for garbage among what all share
    if program := next_program(socket.socket(fileno=int(sys.argv[1]))):
        run_program(**program)
