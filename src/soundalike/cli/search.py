"""Find the sounds of an archive, or of a folder, that are most like a sound."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundalike.cli import DONE, UsageError
from soundalike.cli.options import refuse_root, refuse_unused
from soundalike.cli.output import write_json
from soundalike.cli.search_options import add_arguments as add_arguments
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    import pandas as pd

    from soundalike.datasets.clips import ClipTable
    from soundalike.search.archive import Archive
    from soundalike.search.selection import Selection


N_RESULTS = 10
NOT_FOR_DUPLICATES = {
    "k": "-k", "unlike": "--not", "all_windows": "--all_windows", "distinct": "--distinct",
    "label": "--label", "split": "--split", "folder": "--folder", "shortest_s": "--shortest_s",
    "longest_s": "--longest_s", "exact": "--exact", "center": "--center", "page": "--page",
    "out": "--out",
}  # fmt: skip


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Args:
        archive: folder of the archive.
        root: folder that paths are relative to; "" if they are whole.
        n_rows: rows of the archive.
        is_centered: If true, windows of long recordings were compared without their backgrounds.
        hits: the columns of `WindowArchive.rows` with `similarity`, the best first.
        missing: paths of hits whose files are gone.
    """

    archive: str
    root: str
    n_rows: int
    is_centered: bool
    hits: list[dict[str, Any]]
    missing: list[str]


def run(arguments: argparse.Namespace) -> int:
    """Search; print a table."""
    if arguments.duplicates:
        return _list_duplicates(arguments)
    if not arguments.query:
        raise UsageError("name a QUERY: a sound, FILE@START-END in seconds, or the id of a row.")
    from soundalike.archive.head import is_archive
    from soundalike.search.centering import choose_centering
    from soundalike.search.hit_files import copy_hits, earlier_copies, missing_files
    from soundalike.search.query_vectors import queries_of
    from soundalike.search.selection import Selection

    # All of what is named is looked at before anything is embedded.
    clips = None if is_archive(Path(arguments.archive)) else _read_source(arguments.archive)
    if clips is not None:
        refuse_root(arguments)
    if arguments.distinct and not arguments.all_windows:
        raise UsageError("--distinct is for --all_windows: add it.")
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
    center = {"yes": True, "no": False, None: None}[arguments.center]
    centering = choose_centering(archive, queries, center)
    is_centered = centering.backgrounds is not None
    if centering.reason:
        print(centering.reason, file=sys.stderr)
    rows = archive.search(
        queries,
        arguments.k or N_RESULTS,
        unlike=unlike,
        selection=selection,
        all_windows=arguments.all_windows,
        distinct=arguments.distinct,
        exact=arguments.exact,
        center=is_centered,
    )
    root = archive.head.root
    missing = missing_files(rows, root)
    hits = rows.to_dict("records")
    result = SearchResult(str(archive.path), root, len(archive), is_centered, hits, missing)
    write_json(arguments.json, result)
    if arguments.csv:
        _write_csv(arguments.csv, rows)
    _print_results(rows, archive, selection, missing)
    if arguments.page:
        _write_page(arguments.page, archive, queries, rows)
        print(f"open {arguments.page}")
    if arguments.out:
        files = copy_hits(rows, root, arguments.out)
        print(f"{counted(len(files), 'sound')} in {arguments.out}")
    return DONE


def _print_results(
    rows: "pd.DataFrame", archive: "Archive", selection: "Selection", missing: list[str]
) -> None:
    """Print the table of hits, or why there are none, and which of their files are gone."""
    from soundalike.search.empty_results import why_no_rows

    if rows.empty:
        print(f"no rows: {_printable(why_no_rows(archive, selection))}")
    else:
        _print_table(rows)
    if missing:
        root = archive.head.root or "the folder"
        verb = "is" if len(missing) == 1 else "are"
        print(
            f"{len(missing):,} of these sounds {verb} not in {root} any more, such "
            f"as {_printable(missing[0])}: if they have been moved, name the folder with --root",
            file=sys.stderr,
        )


def _list_duplicates(arguments: argparse.Namespace) -> int:
    """Print groups of near-duplicates, of a source or of the sounds of an archive."""
    from soundalike.archive.head import is_archive

    if arguments.query:
        raise UsageError("--duplicates takes no QUERY: leave it out.")
    refuse_unused(arguments, NOT_FOR_DUPLICATES, "has no effect on --duplicates")
    from soundalike.datasets.source import read_source
    from soundalike.search.archive import Archive

    if is_archive(Path(arguments.archive)):
        clips = Archive.open(arguments.archive, arguments.root).sounds()
    else:
        clips = read_source(arguments.archive)
        refuse_root(arguments)

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


def _read_source(name: str) -> "ClipTable":
    from soundalike.datasets.source import read_source  # an archive needs none of it

    return read_source(name)


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


def _write_page(page: Path, archive: "Archive", queries: list[Any], rows: "pd.DataFrame") -> None:
    from soundalike.report.hits_page import Hit, write_hits_page
    from soundalike.search.archive_paths import full_path
    from soundalike.search.query_sounds import query_sounds

    root = archive.head.root
    hits = [
        Hit(row.path, full_path(root, row.path), row.start_s, row.end_s, row.similarity, row.label)
        for row in rows.itertuples()
    ]
    examples = [
        Hit(sound.name, sound.file, sound.start_s, sound.end_s)
        for sound in query_sounds(archive, queries)
    ]
    write_hits_page(page, ", ".join(map(str, queries)), hits, examples, archive.model.front_end)


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
