"""The progress of everything that takes longer than a moment: a bar, or lines in a log file."""

import sys
from collections.abc import Iterable, MutableMapping, Sized
from typing import Any, TextIO

from tqdm import tqdm

from soundalike.runtime.heartbeat import LINES

# Without a rate, which tqdm turns into seconds per step where steps are slow: how much is done and
# how long the rest takes say it all, and fit 80 columns with the numbers of a training.
FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} UNIT, {remaining} left{postfix}"
LINE = "{desc}: {n_fmt}/{total_fmt} UNIT in {elapsed}, {remaining} left{postfix}"
WITHOUT_TOTAL = "{desc} {n_fmt} UNIT, {elapsed}{postfix}"

TIME_LEFT = ", {remaining} left"


class Bar(tqdm):
    """A progress bar, without the time left until that can be estimated."""

    n_measured = 0  # how many must be done before that

    @property
    def format_dict(self) -> MutableMapping[str, Any]:
        """What the bar says."""
        content = super().format_dict
        if content.get("bar_format") and self.n - self.initial < self.n_measured:
            content["bar_format"] = content["bar_format"].replace(TIME_LEFT, "")
        return content


class ProgressLines(Bar):
    """Writes a line now and then, for output that goes to a file; nothing if it is soon done.

    Without updates, `soundalike.runtime.heartbeat` writes the lines.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.begin_s = LINES.clock()
        self.last: tuple[object, object] | None = None  # what the last line said
        super().__init__(*arguments, **(options | {"miniters": 0, "mininterval": 0}))
        self.sp = None  # tqdm's printer, which erases and closes lines
        if not self.disable:
            LINES.enter(self.write_line)

    def write_line(self) -> None:
        """Write a line."""
        self.last = self.n, self.postfix
        self.fp.write(f"{self}\n")
        self.fp.flush()

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Write a line, if one is due and something has changed since the last one."""
        is_new = bool(self.n) and self.last != (self.n, self.postfix)
        if is_new and not LINES.seconds_left(since_s=self.begin_s):
            LINES.write(self.write_line)

    def clear(self, nolock: bool = False) -> None:
        """Leave earlier lines as they are."""

    def close(self) -> None:
        """Write the last line, if there was an earlier one that said something else."""
        if not self.disable:
            LINES.leave(self.write_line)
            if self.last not in (None, (self.n, self.postfix)):
                LINES.write(self.write_line)
        super().close()


def progress_bar(
    items: Iterable[Any] | None = None,
    *,
    name: str,
    unit: str,
    total: float | None = None,
    initial: float = 0,
    is_shown: bool = True,
    file: TextIO | None = None,
    n_measured: int = 0,
    **arguments: Any,
) -> Bar:
    """Return a progress bar on standard error; lines every 30 seconds if that is no terminal.

    Args:
        items: what to iterate over; without it, the caller updates the bar.
        name: what is being done, such as the name of the command.
        unit: what is counted, in the plural: clips, steps, folds.
        total: their number; by default that of `items`, if it has a length.
        initial: how many are done already.
        is_shown: If false, nothing is shown.
        file: where it is written; by default, standard error.
        n_measured: the time left is not shown until so many are done.
        **arguments: for tqdm.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    file = file or sys.stderr
    is_terminal = file.isatty()
    bar_format = WITHOUT_TOTAL if total is None else FORMAT if is_terminal else LINE
    kind = Bar if is_terminal else ProgressLines
    bar = kind(
        items,
        desc=name,
        total=total,
        initial=initial,
        bar_format=bar_format.replace("UNIT", unit),
        disable=not is_shown,
        file=file,
        **arguments,
    )
    bar.n_measured = n_measured
    return bar
