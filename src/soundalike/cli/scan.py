"""Report what a source contains and which clips have problems."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from soundalike.cli import DONE
from soundalike.cli.argument_types import file_to_write
from soundalike.cli.options import add_source, add_workers
from soundalike.cli.output import plain_console, write_json
from soundalike.cli.recipe_options import PRETRAINING_RECIPES, add_recipe, read_front_end
from soundalike.runtime.counts import counted, format_duration

if TYPE_CHECKING:
    from soundalike.datasets.clips import Problem
    from soundalike.datasets.near_duplicates import NearDuplicates
    from soundalike.datasets.scan import ScanReport

EPILOG = "Any key of the front end can be set as an option: --front_end.fmax 8000."

_MAX_CLIPS = 5  # in a list of names; --csv and --json have them all
_MAX_VALUES = 12  # in a list of counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser)
    add_recipe(parser, "default", f"recipe with the front end: {PRETRAINING_RECIPES}", EPILOG)
    add_workers(parser)
    parser.add_argument(
        "--duplicates",
        nargs="?",
        const="",
        metavar="OTHER",
        help="find clips that share half a second or more, even if one of them was re-encoded, "
        "cut, resampled or amplified; with OTHER, clips that share it with clips of that source",
    )
    parser.add_argument(
        "--csv",
        type=file_to_write,
        metavar="FILE",
        help="write the clips of every finding to FILE",
    )


def run(arguments: argparse.Namespace) -> int:
    """Scan the source; print a table."""
    from soundalike.datasets.source import read_source

    front_end = read_front_end(arguments)
    clips = read_source(arguments.source, arguments.label_depth)
    others = read_source(arguments.duplicates) if arguments.duplicates else None

    from soundalike.datasets import scan

    report = scan.scan(clips, front_end, n_workers=arguments.workers)
    results, duplicates = asdict(report), None
    if arguments.duplicates is not None:
        from soundalike.datasets.near_duplicates import find_near_duplicates

        duplicates = find_near_duplicates(clips, others, n_workers=arguments.workers)
        results["near_duplicates"] = asdict(duplicates)
    write_json(arguments.json, results)
    if arguments.csv:
        from soundalike.datasets.findings import write_findings

        write_findings(arguments.csv, report, duplicates)
    print_scan(report, duplicates)
    if arguments.csv:
        print(f"all clips of every finding: {arguments.csv}")
    return DONE


def print_scan(report: "ScanReport", duplicates: "NearDuplicates | None" = None) -> None:
    """Print the report of a scan as a table, then the first problems and near-duplicates."""
    from rich.table import Table

    from soundalike.datasets.findings import ADVICE

    console = plain_console()
    table = Table(title=report.source, title_justify="left", show_header=False)
    if report.notes:
        table.add_row("notes", "\n".join(report.notes))
    table.add_row("clips", f"{report.n_clips:,} ({report.n_readable:,} readable)")
    table.add_row("to train on", f"{counted(report.n_training, 'clip')}")
    table.add_row("audio", format_duration(3600 * report.hours))
    if report.duration_s:
        quantiles = {name: format_duration(value) for name, value in report.duration_s.items()}
        low, middle, high = (quantiles[name] for name in ("shortest", "median", "longest"))
        words = low if low == high else f"{low} to {high}, median {middle}"
        table.add_row("duration", words)
    for name in ("sample_rates", "channels", "labels", "splits", "folds"):
        if counts := getattr(report, name):
            table.add_row(name.replace("_", " "), _counts_in_words(counts))
    for name in (
        "unlabeled", "silent", "short", "past_end", "clipped", "cancelling", "above_band",
        "below_band", "identical", "identical_across_splits",
    ):  # fmt: skip
        if names := getattr(report, name):
            table.add_row(name.replace("_", " "), _names_in_words(names, ADVICE[name]))
    if duplicates:
        finding = "near_duplicates" if duplicates.is_within else "shared_with_other"
        advice = f"\n{ADVICE[finding]}" if duplicates.pairs else ""
        words = _duplicates_in_words(duplicates, report.n_readable)
        table.add_row("near-duplicates", f"{words}{advice}")
    advice = f"\n{ADVICE['problems']}" if report.problems else ""
    table.add_row("problems", f"{_problems_in_words(report.problems)}{advice}")
    console.print(table)
    for line in report.advice:
        console.print(line, soft_wrap=not console.is_terminal)
    lists = [[problem.message for problem in report.problems]]
    if duplicates:
        lists.append([str(pair) for pair in duplicates.pairs])
        others = [problem for problem in duplicates.problems if problem not in report.problems]
        lists.append([problem.message for problem in others])
    for lines in lists:
        for line in lines[:_MAX_CLIPS]:
            console.print(f"  {line}", soft_wrap=True)
        if len(lines) > _MAX_CLIPS:
            console.print(f"  ... and {len(lines) - _MAX_CLIPS:,} more: --csv FILE lists all")


def _duplicates_in_words(duplicates: "NearDuplicates", n_clips: int) -> str:
    """Count the pairs, the clips of the source in them, and the pairs that divide a recording."""
    pairs = duplicates.pairs
    if not pairs:
        return "none"
    n_across = sum(pair.is_across_splits for pair in pairs)
    across = f"; {n_across:,} across splits or folds" if n_across else ""
    in_pairs = {pair.clip for pair in pairs}
    n_with = len(in_pairs | {pair.other for pair in pairs} if duplicates.is_within else in_pairs)
    return f"{len(pairs):,} (in {n_with:,} of {counted(n_clips, 'clip')}){across}"


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


def _names_in_words(items: list[Any], advice: str) -> str:
    """Count clips, say what to do about them, and name the first."""
    names = [item if isinstance(item, str) else " = ".join(item) for item in items[:_MAX_CLIPS]]
    rest = [f"... and {len(items) - _MAX_CLIPS} more"] if len(items) > _MAX_CLIPS else []
    return "\n".join([f"{len(items):,}: {advice}", *names, *rest])
