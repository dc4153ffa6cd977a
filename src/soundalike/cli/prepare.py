"""Convert sounds to a store of log-mels, which later commands accept as SOURCE."""

import argparse

from soundalike.cli import DONE
from soundalike.cli.argument_types import address
from soundalike.cli.options import add_out, add_source, add_strict, add_workers
from soundalike.cli.output import skipped, write_json
from soundalike.cli.recipe_options import PRETRAINING_RECIPES, add_recipe, read_front_end
from soundalike.runtime.counts import counted, format_duration

EPILOG = "Any key of the front end can be set as an option: --front_end.n_mels 64."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser)
    add_out(parser, "STORE", "folder to write, or to resume in")
    add_recipe(parser, "default", f"recipe with the front end: {PRETRAINING_RECIPES}", EPILOG)
    parser.add_argument(
        "--frames",
        type=address,
        metavar="ADDRESS",
        help="move the frames to object storage in the end, such as to s3://bucket/birds, and keep "
        "the rest in the folder; pretrain then reads them in portions",
    )
    add_workers(parser)
    add_strict(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prepare the store; print its size."""
    from soundalike.datasets import prepare
    from soundalike.datasets.source import read_source
    from soundalike.datasets.upload import require_address, upload_frames

    if arguments.frames:
        require_address(arguments.out, arguments.frames)
    front_end = read_front_end(arguments)
    store = prepare.prepare(
        read_source(arguments.source, arguments.label_depth),
        arguments.out,
        front_end,
        n_workers=arguments.workers,
        strict=arguments.strict,
    )
    if arguments.frames:
        upload_frames(arguments.out, arguments.frames)
    results = {
        "n_clips": len(store.clips),
        "hours": store.hours,
        "n_problems": store.n_problems,
        "store": str(arguments.out),
    }
    write_json(arguments.json, results)
    duration = format_duration(3600 * store.hours)
    place = f"{arguments.out}, frames at {arguments.frames}" if arguments.frames else arguments.out
    print(
        f"{counted(len(store.clips), 'clip')}, {duration} in {place}"
        f"{skipped(store.n_problems, store.path / 'problems.csv')}"
    )
    return DONE
