"""Download a public data set and verify it."""

import argparse
from pathlib import Path

from soundalike.cli import DONE
from soundalike.cli.output import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", metavar="NAME", help="fsdnoisy18k")
    parser.add_argument("root", metavar="ROOT", type=Path, help="folder for the data set")


def run(arguments: argparse.Namespace) -> int:
    """Download the data set; print how to use it as a source."""
    from soundalike.datasets import download

    folder = download.download(arguments.name, arguments.root)
    write_json(arguments.json, {"name": arguments.name, "root": str(folder)})
    print(f"{arguments.name} is in {folder}: use it as {arguments.name}:{folder}")
    return DONE
