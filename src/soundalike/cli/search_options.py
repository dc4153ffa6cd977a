"""The arguments of `search`."""

import argparse
from pathlib import Path

from soundalike.cli.argument_types import at_least, file_to_write, positive_number
from soundalike.cli.options import SOURCE_HELP, add_machine

QUERY_HELP = (
    "a sound; FILE@12.5-14, the part of it from 12.5 to 14 seconds; or the id of a row. Several "
    "are averaged. Results leave out the row, or the windows of the file or the part, themselves"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "archive",
        metavar="ARCHIVE|SOURCE",
        help=f"an archive that `embed` has made; or {SOURCE_HELP}, which is embedded first, by the "
        "shipped model: its archive is kept in the user's cache and brought up to date. An archive "
        "is searched with the model in it; for one of yours, `embed MODEL SOURCE --out ARCHIVE`",
    )
    parser.add_argument("query", metavar="QUERY", nargs="*", help=QUERY_HELP)
    parser.add_argument("-k", type=at_least(1), metavar="N", help="number of results (default: 10)")
    parser.add_argument(
        "--not",
        dest="unlike",
        action="append",
        default=[],
        metavar="QUERY",
        help="a sound that the results should not be like; may be repeated",
    )
    _add_windows_that_count(parser)
    parser.add_argument(
        "--duplicates",
        action="store_true",
        help="list near-duplicates in groups instead, without a QUERY",
    )
    _add_conditions(parser)
    parser.add_argument(
        "--exact",
        action="store_true",
        help="compare all rows; by default an approximate index is used above 300,000",
    )
    parser.add_argument(
        "--center",
        choices=["yes", "no"],
        help="compare windows of long recordings by their differences from the mean of the minutes "
        "around them, which finds events in noise (default: yes, unless a QUERY is itself a long "
        "recording)",
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="where the sounds of an ARCHIVE are now, if they have been moved",
    )
    parser.add_argument(
        "--csv", type=file_to_write, metavar="FILE", help="write the results to FILE"
    )
    parser.add_argument(
        "--page",
        type=file_to_write,
        metavar="FILE",
        help="write a page to see and hear query and results",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="copy the sounds of the results as WAV files; results of an "
        "earlier search in the folder are replaced",
    )
    add_machine(parser)


def _add_windows_that_count(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all_windows",
        action="store_true",
        help="list every window (default: the best window of each recording)",
    )
    parser.add_argument(
        "--distinct",
        action="store_true",
        help="with --all_windows, leave out windows that overlap with a better result, so that an "
        "event in a long recording is listed once",
    )


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    """Add the conditions that results must meet."""
    for name, what in {"label": "label", "split": "split"}.items():
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"only clips with this {what}; may be repeated",
        )
    parser.add_argument(
        "--folder", default="", metavar="FOLDER", help="only sounds in this folder of the archive"
    )
    for name, what in {"shortest_s": "at least", "longest_s": "at most"}.items():
        parser.add_argument(
            f"--{name}", type=positive_number, metavar="S", help=f"only clips of {what} S seconds"
        )
