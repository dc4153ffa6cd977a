"""See and hear an archive: a map of its sounds to listen to, in the browser."""

import argparse
import dataclasses
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli import DONE
from soundalike.cli.argument_types import at_least
from soundalike.cli.options import SOURCE_HELP, add_machine, refuse_root
from soundalike.cli.output import write_json
from soundalike.runtime.counts import counted
from soundalike.runtime.heartbeat import LINES

if TYPE_CHECKING:
    from soundalike.explore.collection import Collection


@dataclass(frozen=True)
class ExploreResult:
    """What is served.

    Args:
        address: of the page.
        archive: folder of the archive.
        root: folder that paths are relative to; "" if they are whole.
        n_rows: rows of the archive.
    """

    address: str
    archive: str
    root: str
    n_rows: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "archive",
        metavar="ARCHIVE|SOURCE",
        help=f"an archive that `embed` has made; or {SOURCE_HELP}, which is embedded first: its "
        "archive is kept in the user's cache and brought up to date",
    )
    parser.add_argument(
        "--port",
        type=at_least(1),
        metavar="N",
        help="port of the server (default: 8484, or another one if that is in use)",
    )
    parser.add_argument(
        "--no_browser", action="store_true", help="print the address, and open no browser"
    )
    parser.add_argument(
        "--root", metavar="FOLDER", help="where the sounds are now, if they have been moved"
    )
    parser.add_argument(
        "--static",
        type=Path,
        metavar="FILE",
        help="serve nothing, and write the map with up to 2,000 of its sounds to an HTML file that "
        "needs no server; of more windows, some are drawn at random",
    )
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve the archive until Ctrl-C."""
    from soundalike.archive.head import is_archive
    from soundalike.embedding.output_file import check_output
    from soundalike.search.archive import Archive
    from soundalike.search.source_archive import archive_of_source

    if arguments.static:
        check_output(arguments.static, [".html"])
    name = arguments.archive
    if not is_archive(Path(name)):
        refuse_root(arguments)
    archive = Archive.open(name) if is_archive(Path(name)) else archive_of_source(name)
    if arguments.root:
        archive.head = dataclasses.replace(archive.head, root=os.path.abspath(arguments.root))

    from soundalike.explore.collection import Collection
    from soundalike.explore.page_server import listen, open_page
    from soundalike.explore.serve import serve

    collection = Collection(archive)
    if arguments.static:
        return _write_static(collection, arguments)

    def ready(address: str) -> None:
        result = ExploreResult(address, str(archive.path), archive.head.root, len(collection))
        write_json(arguments.json, result)
        rows = counted(len(collection), "row")
        print(f"{rows} of {archive.path}: {address} (Ctrl-C ends it)", flush=True)
        if not arguments.no_browser:
            open_page(address)

    if not is_archive(Path(name)):
        print(
            f"labels are saved in your cache, in {archive.path}: for labels that stay with your "
            f"sounds, explore an archive (soundalike embed {shlex.quote(name)} --out ARCHIVE)",
            file=sys.stderr,
        )
    with LINES.at_rest():
        serve(collection, listen(arguments.port), ready)
    print("\nended", file=sys.stderr)
    return DONE


def _write_static(collection: "Collection", arguments: argparse.Namespace) -> int:
    from soundalike.embedding.output_file import claimed_file
    from soundalike.explore.static_page import write_static_page

    with claimed_file(arguments.static, [".html"]):
        result = write_static_page(collection, arguments.static)
    write_json(arguments.json, result)
    rows = counted(result.n_rows, "window")
    rows += f" of {result.n_all:,}, drawn at random," if result.n_all > result.n_rows else ""
    missing = f"; {result.n_missing:,} without sound" if result.n_missing else ""
    print(f"{rows} in {arguments.static} ({result.megabytes:,.1f} MB){missing}")
    return DONE
