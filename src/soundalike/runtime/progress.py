"""The progress bar of everything that takes longer than a moment."""

from collections.abc import Iterable, Sized
from typing import Any

from tqdm import tqdm

# Without a rate, which tqdm turns into seconds per step where steps are slow: how much is done and
# how long the rest takes say it all, and fit 80 columns with the numbers of a training.
FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} UNIT, {remaining} left{postfix}"
WITHOUT_TOTAL = "{desc} {n_fmt} UNIT, {elapsed}{postfix}"


def progress_bar(
    items: Iterable[Any] | None = None,
    *,
    name: str,
    unit: str,
    total: int | None = None,
    initial: int = 0,
    is_shown: bool = True,
    **arguments: Any,
) -> tqdm:
    """Return a progress bar on standard error.

    Args:
        items: what to iterate over; without it, the caller updates the bar.
        name: what is being done, such as the name of the command.
        unit: what is counted, in the plural: clips, steps, folds.
        total: their number; by default that of `items`, if it has a length.
        initial: how many are done already.
        is_shown: If false, nothing is shown.
        **arguments: for tqdm.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    bar_format = WITHOUT_TOTAL if total is None else FORMAT
    return tqdm(
        items,
        desc=name,
        total=total,
        initial=initial,
        bar_format=bar_format.replace("UNIT", unit),
        disable=not is_shown,
        **arguments,
    )
