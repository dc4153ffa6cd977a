"""Run the whole method on synthetic sounds and write a report."""

import argparse
from pathlib import Path

from soundalike.cli import DONE
from soundalike.cli.options import add_machine
from soundalike.cli.output import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="output folder (default: demo)",
    )
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; print its findings and where its report is."""
    from soundalike.demo.run import PAGE, run_demo
    from soundalike.demo.wrong_labels import in_words

    results = run_demo(arguments.out)
    write_json(arguments.json, results)
    print(results.verdict)
    print("\n".join(in_words(results.wrong_labels)))
    print(f"open {(arguments.out / PAGE).resolve()}")
    return DONE
