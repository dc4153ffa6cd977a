"""Write an embedding of every window of every clip, or of every clip."""

import argparse

from soundalike.cli import DONE
from soundalike.cli.options import (
    add_machine,
    add_model_and_source,
    add_out,
    add_precision,
    add_strict,
    add_windows,
    ready_for_inference,
    with_windows,
)
from soundalike.cli.output import skipped, write_json
from soundalike.runtime.counts import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_and_source(parser)
    add_out(
        parser,
        "FILE",
        "file to write; its suffix says what it is: .parquet; .csv; or .npy, an array, with its "
        "rows in FILE.rows.csv",
    )
    parser.add_argument(
        "--per",
        choices=["window", "clip"],
        default="window",
        help="write a row per window (default), or per clip, the mean over its windows",
    )
    add_windows(parser)
    add_precision(parser)
    add_strict(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Embed the clips; print how many windows there are."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_model
    from soundalike.embedding.output_file import check_output
    from soundalike.embedding.row_files import ROW_FILES

    check_output(arguments.out, ROW_FILES)
    folder = find_model(arguments.model)
    clips = read_source(arguments.source, arguments.label_depth)

    from soundalike.embedding import embed
    from soundalike.embedding.sound_encoder import SoundEncoder

    model = with_windows(SoundEncoder.load(folder), arguments)
    result = embed.embed(
        ready_for_inference(model, arguments.precision),
        clips,
        arguments.out,
        per_clip=arguments.per == "clip",
        strict=arguments.strict,
    )
    write_json(arguments.json, result)
    windows = f"{counted(result.n_windows, 'window')} of {counted(result.n_clips, 'clip')}"
    rows = f", {counted(result.n_rows, 'row')}" if arguments.per == "clip" else ""
    print(f"{windows}{rows} in {arguments.out}{skipped(result.n_problems, result.problems)}")
    return DONE
