"""Write an embedding of every window of every clip."""

import argparse

from soundalike.cli import DONE
from soundalike.cli.options import (
    add_model_and_source,
    add_out,
    add_precision,
    add_strict,
    ready_for_inference,
)
from soundalike.cli.output import skipped, write_json
from soundalike.runtime.counts import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_and_source(parser)
    add_out(parser, "PARQUET", "file to write")
    add_precision(parser)
    add_strict(parser)


def run(arguments: argparse.Namespace) -> int:
    """Embed the clips; print how many windows there are."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_model

    folder = find_model(arguments.model)
    clips = read_source(arguments.source)

    from soundalike.embedding import embed
    from soundalike.embedding.sound_encoder import SoundEncoder

    model = ready_for_inference(SoundEncoder.load(folder), arguments.precision)
    counts = embed.embed(model, clips, arguments.out, strict=arguments.strict)
    write_json(arguments.json, counts)
    print(
        f"{counted(counts.n_windows, 'window')} of {counted(counts.n_clips, 'clip')} in "
        f"{arguments.out}"
        f"{skipped(counts.n_problems, counts.problems)}"
    )
    return DONE
