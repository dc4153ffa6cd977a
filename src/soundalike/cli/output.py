"""Results of commands as JSON, and notes on skipped clips."""

import dataclasses
from pathlib import Path
from typing import Any

from soundalike.runtime import atomic


def write_json(path: Path | None, results: Any) -> None:
    """Write the results of a command to the file named with ``--json``.

    Args:
        path: the file to write; None: write nothing.
        results: a dataclass, or a dict.

    Raises:
        OSError: the file cannot be written.
    """
    if path is None:
        return
    if dataclasses.is_dataclass(results) and not isinstance(results, type):
        results = dataclasses.asdict(results)
    if path.exists() and not path.is_file():  # a device or a pipe, which must not be replaced
        path.write_text(atomic.to_json(results))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_json(path.resolve(), results)


def skipped(n_problems: int, listing: Path | str | None) -> str:
    """Return the end of a line that says how many clips were skipped, and where they are listed."""
    return f"; skipped {n_problems:,} (see {listing})" if n_problems else ""
