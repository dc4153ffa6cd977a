"""Report what a source contains and which clips have problems."""

import argparse
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from soundalike.cli import DONE
from soundalike.cli.options import add_source, add_workers
from soundalike.cli.output import write_json

if TYPE_CHECKING:
    from soundalike.datasets.clips import Problem
    from soundalike.datasets.scan import ScanReport

_MAX_CLIPS = 5  # in a list of names; --json has them all
_MAX_VALUES = 12  # in a list of counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser)
    add_workers(parser)


def run(arguments: argparse.Namespace) -> int:
    """Scan the source; print a table."""
    from soundalike.datasets import scan
    from soundalike.datasets.source import read_source

    report = scan.scan(read_source(arguments.source), n_workers=arguments.workers)
    write_json(arguments.json, report)
    print_scan(report)
    return DONE


def print_scan(report: "ScanReport") -> None:
    """Print the report of a scan as a table, and the first of its problems."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title=f"{report.source}", title_justify="left", show_header=False)
    if report.notes:
        table.add_row("assumed", escape("\n".join(report.notes)))
    table.add_row("clips", f"{report.n_clips:,} ({report.n_readable:,} readable)")
    table.add_row("audio", f"{report.hours:.2f} h")
    if report.duration_s:
        duration = report.duration_s
        table.add_row(
            "duration",
            f"{duration['shortest']:.2f} to {duration['longest']:.1f} s, "
            f"median {duration['median']:.1f} s",
        )
    for name in ("sample_rates", "channels", "labels", "splits", "folds"):
        if counts := getattr(report, name):
            table.add_row(name.replace("_", " "), _counts_in_words(counts))
    for name in ("silent", "clipped", "cancelling", "identical", "identical_across_splits"):
        if names := getattr(report, name):
            table.add_row(name.replace("_", " "), _names_in_words(names))
    table.add_row("problems", _problems_in_words(report.problems))
    console.print(table)
    for problem in report.problems[:_MAX_CLIPS]:
        console.print(f"  {problem.message}", soft_wrap=True, markup=False)
    if len(report.problems) > _MAX_CLIPS:
        console.print(f"  ... and {len(report.problems) - _MAX_CLIPS} more: --json lists them all")


def _problems_in_words(problems: "list[Problem]") -> str:
    """Count problems by kind and by suffix of the file."""
    if not problems:
        return "none"
    kinds = Counter(
        f"{problem.problem} {PurePath(problem.path).suffix.lower()}".strip() for problem in problems
    )
    return f"{len(problems):,}: {_counts_in_words(dict(kinds.most_common()))}"


def _counts_in_words(counts: dict[Any, int]) -> str:
    words = ", ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:_MAX_VALUES])
    return words if len(counts) <= _MAX_VALUES else f"{words} ... {len(counts)} in all"


def _names_in_words(items: list[Any]) -> str:
    names = [item if isinstance(item, str) else " = ".join(item) for item in items[:_MAX_CLIPS]]
    rest = [f"... and {len(items) - _MAX_CLIPS} more"] if len(items) > _MAX_CLIPS else []
    return "\n".join([f"{len(items):,}", *names, *rest])
