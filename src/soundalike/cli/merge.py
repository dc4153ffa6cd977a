"""Merge the shards that jobs have embedded into one archive.

The jobs are `soundalike embed SOURCE --out SHARDS --shard i/n`, one for each i from 1 to n. Run it
again if it was interrupted, or after shards have grown: only what the archive lacks is copied.
"""

import argparse
from pathlib import Path

from soundalike.cli import DONE
from soundalike.cli.options import add_out, add_tables, add_threads
from soundalike.cli.output import skipped, write_json
from soundalike.runtime.counts import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "shards", type=Path, metavar="SHARDS", help="folder of all shards; they stay as they are"
    )
    add_out(parser, "ARCHIVE", "folder of the archive to create, or to add new clips to")
    add_tables(parser)
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Merge the shards; print how many windows there are."""
    from soundalike.archive.head import require_new
    from soundalike.search.shards import finished_shards

    require_new(arguments.out, arguments.tables or "")
    finished_shards(arguments.shards)

    from soundalike.search.merge import merge

    result = merge(arguments.shards, arguments.out, tables=arguments.tables or "")
    write_json(arguments.json, result)
    added = f"added {counted(result.n_windows, 'window')} of {counted(result.n_clips, 'clip')}"
    added = added if result.n_clips else "nothing new"
    total = f"{counted(result.n_rows, 'row')} in {arguments.out}"
    of = f" of {counted(result.n_shards, 'shard')}"
    print(f"{added}{of}; {total}{skipped(result.n_problems, result.problems)}")
    return DONE
