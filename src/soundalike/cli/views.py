"""Write a page of augmented pairs to see and hear before training on them."""

import argparse

from soundalike.cli import DONE
from soundalike.cli.argument_types import at_least, file_to_write, seed
from soundalike.cli.options import add_source, add_threads
from soundalike.cli.output import write_json
from soundalike.cli.recipe_options import PRETRAINING_RECIPES, add_recipe, front_end_of

EPILOG = (
    "Any key of the recipe can be set as an option: --views.mix_back.alpha 0.2 --views.noise "
    "null. soundalike pretrain --print_recipe lists them."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser)
    parser.add_argument(
        "--out",
        type=file_to_write,
        default="views.html",
        metavar="HTML",
        help="file to write (default: views.html)",
    )
    add_recipe(parser, "default", PRETRAINING_RECIPES, EPILOG)
    parser.add_argument(
        "--pairs", type=at_least(1), default=8, metavar="N", help="number of pairs (default: 8)"
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="random seed of the clips and their views (default: 0)",
    )
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the page; print where it is."""
    from soundalike.datasets.source import read_source
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    recipe = read_recipe(arguments.recipe, PRETRAINING, arguments.overrides)
    front_end = front_end_of(recipe)
    clips = read_source(arguments.source, arguments.label_depth)
    clips.announce()

    from soundalike.report.sample_views import sample_views
    from soundalike.report.views_page import write_views_page

    samples = sample_views(
        arguments.source,
        front_end,
        recipe["views"],
        arguments.pairs,
        arguments.seed,
        clips,
        segment_s=recipe["training"]["segment_s"],
    )
    write_views_page(arguments.out, samples)
    results = {
        "n_clips": samples.n_training_clips,
        "n_pairs": len(samples.pairs),
        "n_silent_patches": samples.n_silent_patches,
        "page": str(arguments.out),
    }
    write_json(arguments.json, results)
    print(f"open {arguments.out.resolve()}")
    return DONE
