"""Train an encoder on sounds without labels."""

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

from soundalike.cli import DONE, FAILED, UsageError
from soundalike.cli.argument_types import at_least, positive_number
from soundalike.cli.options import add_machine, add_source, add_strict
from soundalike.cli.output import skipped, write_json
from soundalike.cli.recipe_options import (
    PRETRAINING_RECIPES,
    add_recipe,
    front_end_of,
    refuse_fixed_by_model,
)
from soundalike.runtime.counts import counted
from soundalike.runtime.launch import launch
from soundalike.runtime.ranks import connected, first_before_others, is_first, n_ranks

EPILOG = (
    "Any key of the recipe can be set as an option: --loss.temperature 0.1 --encoder.name vgg "
    "--views.noise null. --print_recipe lists them."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser, nargs="?")
    parser.add_argument(
        "--out", type=Path, metavar="RUN", help="run folder to write, or to resume in"
    )
    add_recipe(parser, "default", PRETRAINING_RECIPES, EPILOG)
    parser.add_argument(
        "--minutes",
        type=positive_number,
        metavar="M",
        help="finish the whole command, preparing and saving included, in about M minutes, instead "
        "of training for the recipe's number of epochs; a finished run continues for M minutes",
    )
    parser.add_argument(
        "--init", metavar="MODEL", help="start from the weights of this model, not from random ones"
    )
    parser.add_argument(
        "--test_fold", metavar="FOLD", help="exclude the clips of this fold from training"
    )
    parser.add_argument(
        "--devices",
        type=at_least(1),
        default=1,
        metavar="N",
        help="train on N GPUs of this machine, or in N processes without GPUs (default: 1); "
        "torchrun starts the command on several machines",
    )
    parser.add_argument(
        "--print_recipe",
        action="store_true",
        help="print the recipe, with a comment on every key, and exit",
    )
    add_strict(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, or print the recipe; write the health page and print a line on the outcome."""
    start = time.monotonic()
    if not arguments.print_recipe and (arguments.source is None or arguments.out is None):
        raise UsageError("pretrain needs a SOURCE and --out RUN.")

    from soundalike.recipes.commented import commented_recipe
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    if arguments.minutes and "training.n_epochs" in arguments.overrides:
        raise UsageError("--minutes and --training.n_epochs: choose one of them.")
    if arguments.init:
        refuse_fixed_by_model(arguments.overrides, ("encoder.", "front_end."))
    recipe = read_recipe(arguments.recipe, PRETRAINING, arguments.overrides)
    if arguments.print_recipe:
        print(commented_recipe(recipe, PRETRAINING), end="")
        return DONE
    if arguments.devices > 1 and n_ranks() == 1:
        return launch(arguments.devices, arguments.words)
    with connected():
        return _train(arguments, recipe, start)


def _train(arguments: argparse.Namespace, recipe: dict[str, Any], start: float) -> int:
    from soundalike.datasets.open_or_prepare import open_or_prepare
    from soundalike.datasets.source import read_source
    from soundalike.datasets.store import is_store
    from soundalike.embedding.model_path import find_model, run_of
    from soundalike.training.run_folder import RunFolder, read_training_audio

    init_folder = find_model(arguments.init) if arguments.init else None
    run = RunFolder(arguments.out)
    front_end = front_end_of(recipe)
    clips = read_source(arguments.source, arguments.label_depth)
    init = init_audio = None
    if init_folder:
        from soundalike.embedding.sound_encoder import SoundEncoder

        init = SoundEncoder.load(init_folder)
        init_audio = read_training_audio(run_of(arguments.init))
        front_end = init.front_end
        recipe |= {
            "encoder": init.encoder_settings,
            "front_end": dataclasses.asdict(front_end),
        }
    if not is_store(Path(arguments.source)):  # preparing one takes minutes: check the recipe first
        from soundalike.datasets.splits import training_clips
        from soundalike.training.construction import check_recipe

        training_clips(clips, arguments.test_fold)  # refuses a fold that does not exist
        check_recipe(recipe, front_end, init)
    with first_before_others():
        store = open_or_prepare(
            arguments.source, run.store, front_end, clips=clips, strict=arguments.strict
        )
        if is_first():
            run.configure(
                source=arguments.source,
                clips=store.fingerprint,
                test_fold=arguments.test_fold,
                init=init.fingerprint() if init else None,
                minutes=arguments.minutes,
                recipe=recipe,
            )

    from soundalike.training.pretraining import pretrain

    n_steps_before = None if arguments.minutes else run.checkpoints.n_steps_if_finished()
    result = pretrain(
        store,
        run,
        recipe,
        test_fold=arguments.test_fold,
        init=init,
        init_audio=init_audio,
        seconds=_training_seconds(arguments.minutes, time.monotonic() - start),
        extends=True,
        progress=n_steps_before is None,
    )
    if not is_first():
        return DONE if result.is_finished else FAILED
    return _report(arguments, run, store, result, n_steps_before)


def _report(
    arguments: argparse.Namespace, run: Any, store: Any, result: Any, n_steps_before: int | None
) -> int:
    """Write the results, show the health of the run and print a line on the outcome."""
    counts = {"run": str(arguments.out), "n_problems": store.n_problems}
    write_json(arguments.json, dataclasses.asdict(result) | counts)
    _show_health(run, result)
    if not result.is_finished:
        print(
            f"interrupted after {result.n_steps_done:,} of {counted(result.n_steps, 'step')}: run "
            "the same command again to resume"
        )
        return FAILED
    if n_steps_before is not None:
        print(
            f"{arguments.out} is already trained ({counted(n_steps_before, 'step')}); --minutes M "
            "continues it"
        )
        return DONE
    note = skipped(store.n_problems, store.path / "problems.csv")
    print(f"trained for {counted(result.n_steps, 'step')}: {run.encoder}{note}")
    return DONE


def _training_seconds(minutes: float | None, used: float) -> float | None:
    """Return the seconds left for training: at least half of all, however long preparing took."""
    if minutes is None:
        return None
    seconds = 60 * minutes
    if used > seconds / 2:
        print(
            f"preparing took {used / 60:.1f} of {minutes:g} minutes: training, checks and closing "
            f"stages take another {minutes / 2:g}",
            file=sys.stderr,
        )
    return max(seconds - used, seconds / 2)


def _show_health(run: Any, result: Any) -> None:
    """Write the health page and print its verdict and warnings on standard error."""
    import pandas as pd

    from soundalike.report.health_page import in_short, write_health_page

    write_health_page(run.health_page, pd.read_csv(run.metrics), result)
    print(f"health: {in_short(result)}: {run.health_page}", file=sys.stderr)
    for kind, sentence in result.alarms.items():
        print(f"{kind}: {sentence}", file=sys.stderr)
