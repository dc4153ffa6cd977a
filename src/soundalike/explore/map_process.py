"""Compute the UMAP of an archive in a process of its own.

It takes minutes, and in the server's process it would keep the page waiting. The process ends with
the server, however that ends: it reads its standard input, whose other end the system closes then.

`python -m soundalike.explore.map_process ARCHIVE` is the process.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

NICENESS = 10  # a tenth of a session's share: at 19 it would never end on a busy machine


class MapProcess:
    """A running process that stores the UMAP of an archive in it.

    Args:
        archive: its folder.
    """

    def __init__(self, archive: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            # -P: a file of the user's folder is no module of ours.
            [sys.executable, "-P", "-m", "soundalike.explore.map_process", str(archive)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the server, which then ends this
        )

    def is_running(self) -> bool:
        """Return whether the map is still computed."""
        return self._process.poll() is None

    def problem(self) -> str:
        """Return why a process that has ended has failed, in a line; "" if it has not."""
        code = self._process.wait()
        if code == 0:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if code < 0:
            return f"its process was ended by signal {-code}; memory may be short"
        return lines[-1] if lines else f"its process ended with exit code {code}"

    def stop(self) -> None:
        """End the process if it still runs."""
        with self._errors, self._process:
            self._process.kill()


def run(archive: str) -> int:
    """Bring the map of an archive up to date; return the exit code, after a line if it fails."""
    try:
        if not os.access(archive, os.W_OK):
            raise PermissionError(0, "cannot be written, so the map cannot be stored", archive)

        from soundalike.explore.stored_map import update
        from soundalike.search.archive import Archive

        update(Archive.open(archive))
    except Exception as error:  # the page says which
        problem = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.filename:
            problem = f"{error.filename}: {error.strerror}"
        print(problem.replace("\n", " "), file=sys.stderr)
        return 1
    return 0


def give_way() -> None:
    """Have this process give way to all others that need the processors."""
    with contextlib.suppress(AttributeError):  # Windows has no such thing
        os.nice(NICENESS)
    # Linux shares processors between sessions first, and this process has a session of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(f"{NICENESS}")


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when nobody can write to it any more
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    give_way()
    sys.exit(run(sys.argv[1]))
