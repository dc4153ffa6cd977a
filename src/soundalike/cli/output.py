"""Results of commands as JSON and on a console, and notes on windows and skipped clips."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundalike.runtime import atomic
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from soundalike.embedding.classify import ClassifyResult
    from soundalike.embedding.embed import EmbedResult


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


def plain_console() -> "Console":
    """Return the console for tables; names print as they are, "[noise]" and "a:dog:b" too."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def windows_of_clips(result: "EmbedResult | ClassifyResult") -> str:
    """Return how many windows the clips have, and how many clips are a single one.

    Clips shorter than a window are, so this says if the windows fit the clips.
    """
    words = f"{counted(result.n_windows, 'window')} of {counted(result.n_clips, 'clip')}"
    if not result.n_uncut or result.n_clips == 1:
        return words
    if result.n_uncut == result.n_clips:
        return f"{words}, one each"
    are = "is one window" if result.n_uncut == 1 else "are one window each"
    return f"{words} ({result.n_uncut:,} {are})"


def skipped(n_problems: int, listing: Path | str | None) -> str:
    """Return the end of a line that says how many clips were skipped, and where they are listed."""
    return f"; skipped {n_problems:,} (see {listing})" if n_problems else ""
