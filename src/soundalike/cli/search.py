"""Find the sounds of an archive, or of a folder, that are most like a sound."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundalike.cli import DONE, UsageError
from soundalike.cli.options import SOURCE_HELP, add_machine, at_least, positive_number
from soundalike.cli.output import write_json
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    import pandas as pd

    from soundalike.datasets.clips import ClipTable
    from soundalike.search.archive import Archive

QUERY_HELP = (
    "a sound; FILE@12.5-14, the part of it from 12.5 to 14 seconds; or the id of a row. Several "
    "are averaged. Results leave out the row, or the windows of the file or the part, themselves"
)


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Args:
        archive: folder of the archive.
        root: folder that paths are relative to; "" if they are whole.
        n_rows: rows of the archive.
        hits: the columns of `WindowArchive.rows` with `similarity`, the best first.
        missing: paths of hits whose files are gone.
    """

    archive: str
    root: str
    n_rows: int
    hits: list[dict[str, Any]]
    missing: list[str]


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
    parser.add_argument(
        "-k", type=at_least(1), default=10, metavar="N", help="number of results (default: 10)"
    )
    parser.add_argument(
        "--not",
        dest="unlike",
        action="append",
        default=[],
        metavar="QUERY",
        help="a sound that the results should not be like; may be repeated",
    )
    parser.add_argument(
        "--all_windows",
        action="store_true",
        help="list every window (default: the best window of each recording)",
    )
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
        "--root", metavar="FOLDER", help="where the sounds are now, if they have been moved"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the results to FILE")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write an HTML page to see and hear the results"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="copy the sounds of the results as WAV files; results of an "
        "earlier search in the folder are replaced",
    )
    add_machine(parser)


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


def run(arguments: argparse.Namespace) -> int:
    """Search; print a table."""
    if arguments.duplicates:
        return _list_duplicates(arguments)
    if not arguments.query:
        raise UsageError("name a QUERY: a sound, FILE@START-END in seconds, or the id of a row.")
    from soundalike.archive.head import is_archive
    from soundalike.datasets.source import read_source
    from soundalike.search.empty_results import why_no_rows
    from soundalike.search.hit_files import copy_hits, earlier_copies, missing_files
    from soundalike.search.query_vectors import queries_of
    from soundalike.search.selection import Selection

    # All of what is named is looked at before anything is embedded.
    clips = None if is_archive(Path(arguments.archive)) else read_source(arguments.archive)
    queries, unlike = queries_of(arguments.query), queries_of(arguments.unlike)
    if arguments.out:
        earlier_copies(arguments.out)
    archive = _archive_of(arguments.archive, clips, arguments.root)
    selection = Selection(
        tuple(arguments.label),
        tuple(arguments.split),
        arguments.folder,
        arguments.shortest_s,
        arguments.longest_s,
    )
    rows = archive.search(
        queries,
        arguments.k,
        unlike=unlike,
        selection=selection,
        all_windows=arguments.all_windows,
        exact=arguments.exact,
    )
    root = archive.head.root
    missing = missing_files(rows, root)
    hits = rows.to_dict("records")
    write_json(arguments.json, SearchResult(str(archive.path), root, len(archive), hits, missing))
    if arguments.csv:
        _write_csv(arguments.csv, rows)
    if rows.empty:
        print(f"no rows: {_printable(why_no_rows(archive, selection))}")
    else:
        _print_table(rows)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        print(
            f"{len(missing):,} of these sounds {verb} not in {root or 'the folder'} any more, such "
            f"as {_printable(missing[0])}: if they have been moved, name the folder with --root",
            file=sys.stderr,
        )
    if arguments.page:
        _write_page(arguments.page, ", ".join(map(str, queries)), rows, root)
        print(f"open {arguments.page}")
    if arguments.out:
        files = copy_hits(rows, root, arguments.out)
        print(f"{counted(len(files), 'sound')} in {arguments.out}")
    return DONE


def _list_duplicates(arguments: argparse.Namespace) -> int:
    """Print groups of near-duplicates, of a source or of the sounds of an archive."""
    from soundalike.archive.head import is_archive

    if arguments.query:
        raise UsageError("--duplicates takes no QUERY: leave it out.")
    from soundalike.datasets.source import read_source
    from soundalike.search.archive import Archive

    if is_archive(Path(arguments.archive)):
        clips = Archive.open(arguments.archive, arguments.root).sounds()
    else:
        clips = read_source(arguments.archive)

    from soundalike.search.duplicate_groups import duplicate_groups  # slow to import

    results = duplicate_groups(clips)
    write_json(arguments.json, results)
    rows = [(number, path) for number, group in enumerate(results.groups, 1) for path in group]
    if arguments.csv:
        import pandas as pd

        _write_csv(arguments.csv, pd.DataFrame(rows, columns=["group", "path"]))
    for number, path in rows:
        print(f"{number:4}  {_printable(path)}")
    for problem in results.problems:
        print(problem.message, file=sys.stderr)
    print(f"{counted(len(results.groups), 'group')} of near-duplicates")
    return DONE


def _archive_of(name: str, clips: "ClipTable | None", root: str | None) -> "Archive":
    """Return an archive, or that of a source with these clips, which is brought up to date."""
    from soundalike.search.archive import Archive

    if clips is None:
        return Archive.open(name, root)
    from soundalike.search.source_archive import archive_of_source

    return archive_of_source(name, clips)


def _write_csv(file: Path, rows: "pd.DataFrame") -> None:
    from soundalike.runtime.atomic import atomic_write

    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as path:
        rows.to_csv(path, index=False)


def _write_page(page: Path, query: str, rows: "pd.DataFrame", root: str) -> None:
    from soundalike.report.hits_page import Hit, write_hits_page
    from soundalike.search.archive_paths import full_path

    hits = [
        Hit(row.path, full_path(root, row.path), row.start_s, row.end_s, row.similarity, row.label)
        for row in rows.itertuples()
    ]
    write_hits_page(page, query, hits)


def _print_table(rows: "pd.DataFrame") -> None:
    """Print similarity, id, time and path of hits."""
    print(f"{'similarity':>10}  {'id':>9}  {'seconds':>17}  path")
    for row in rows.itertuples():
        times = f"{row.start_s:.2f} - {row.end_s:.2f}"
        label = f"  [{_printable(row.label)}]" if row.label else ""
        print(f"{row.similarity:10.3f}  {row.id:9}  {times:>17}  {_printable(row.path)}{label}")


def _printable(text: str) -> str:
    """Return text with escapes for characters that would break a line of the table."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
