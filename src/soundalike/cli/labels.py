"""Print the labels that you have given in `explore`, or write them to a manifest.

Commands that take a SOURCE take the manifest. Tables for Raven, Audacity and BirdNET's users can be
written, too.
"""

import argparse
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundalike.cli import DONE
from soundalike.cli.options import SOURCE_HELP
from soundalike.cli.output import write_json
from soundalike.runtime.counts import counted


@dataclass(frozen=True)
class LabelsResult:
    """The labels of an archive.

    Args:
        archive: folder of the archive.
        labels: each with its `name`, `n_yes`, the windows and other spans that have it, and `n_no`,
            those that a person has said not to have it.
        n_spans: spans that were written; None without `--out`.
        n_gone: of them, those that were left out, since their recordings are no longer in the
            archive.
    """

    archive: str
    labels: list[dict[str, Any]]
    n_spans: int | None
    n_gone: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "archive",
        metavar="ARCHIVE|SOURCE",
        help=f"an archive that `embed` has made; or what `explore` was started with: {SOURCE_HELP}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write what has a label to FILE.csv; for Raven and Audacity, name a folder: every "
        "recording has a table of its own there",
    )
    parser.add_argument(
        "--format",
        choices=("manifest", "raven", "audacity", "birdnet"),
        default="manifest",
        help="what to write (default: a manifest)",
    )
    parser.add_argument(
        "--root", metavar="FOLDER", help="where the sounds are now, if they have been moved"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the labels; write them if `--out` is used."""
    from soundalike.search.archive import Archive
    from soundalike.search.source_archive import archive_folder

    archive = Archive.open(archive_folder(arguments.archive), arguments.root)

    from soundalike.labeling.export import export_labels
    from soundalike.labeling.label_table import LabelTable

    table = LabelTable(archive.path)
    values = table.current().groupby("label", sort=False)["value"]
    labels = [
        {"name": name, "n_yes": int(value.sum()), "n_no": int((~value).sum())}
        for name, value in values
    ]
    for label in labels:
        negative = f", not {label['n_no']:,}" if label["n_no"] else ""
        print(f"{label['name']}: {label['n_yes']:,}{negative}")
    if not labels:
        command = f"soundalike explore {shlex.quote(arguments.archive)}"
        print(f"{arguments.archive}: no labels yet: give them with `{command}`")
    out, format = arguments.out, arguments.format
    result = export_labels(archive, out, format) if out else None
    n_gone = result.n_gone if result else 0
    write_json(
        arguments.json,
        LabelsResult(str(archive.path), labels, result.n_spans if result else None, n_gone),
    )
    if result:
        gone = (
            f"; left out {n_gone:,} of recordings that are no longer in the archive"
            if n_gone
            else ""
        )
        print(f"{counted(result.n_spans, 'labeled span')} in {out}{gone}")
    return DONE
