"""Measure how well a model's embeddings classify labeled clips, and save the classifiers."""

import argparse
import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli import DONE, UsageError
from soundalike.cli.argument_types import seed
from soundalike.cli.few_shot import FEW_SHOT, add_few_shot, check_few_shot, run_few_shot
from soundalike.cli.options import add_machine, add_model_and_source
from soundalike.cli.output import plain_console, write_json
from soundalike.cli.recipe_options import add_recipe, refuse_fixed_by_model
from soundalike.runtime.counts import counted
from soundalike.runtime.heartbeat import working_on

if TYPE_CHECKING:
    from soundalike.downstream.evaluation_result import EvaluationResult

EPILOG = (
    "With --protocol finetune or few-shot, any key of the recipe can be set as an option: "
    "--optimizer.lr 0.001 --training.n_epochs 50. With --protocol linear, --loss.name (lq, elr, "
    "co_training, ...) trains linear classifiers by SGD with a loss that tolerates wrong labels."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_and_source(parser)
    parser.add_argument(
        "--protocol",
        choices=["linear", "knn", "paper_linear", "finetune", FEW_SHOT],
        help="run only this protocol: linear, logistic regression; knn, nearest neighbors; "
        "paper_linear, the linear classifier of Fonseca et al. 2021, trained by SGD; finetune, all "
        "weights; few-shot, with a few labels per class, and how many labels pre-training saves "
        "(default: linear and knn)",
    )
    parser.add_argument(
        "--task",
        choices=["noisy", "clean"],
        default="noisy",
        help="noisy (default): train on the split train, select on validation; clean: train on "
        "85%% of validation, select on the rest",
    )
    parser.add_argument(
        "--soft_labels",
        action="store_true",
        help="with --protocol linear: fit to the probable true classes of clips, which are "
        "estimated from sounds and labels together, for labels that may be wrong",
    )
    recipes = (
        "recipe of the fine-tuning: finetune, few_labels or a YAML file (default: finetune; for "
        "few-shot, few_labels)"
    )
    add_recipe(parser, "finetune", recipes, EPILOG)
    parser.set_defaults(recipe=None)  # the default depends on the protocol
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="random seed of the classifiers and the confidence interval (default: 0)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for results and store (default: evaluation/SOURCE in MODEL; for a shipped "
        "model, in the working directory)",
    )
    add_few_shot(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the model; print a verdict and a table of scores, and write a page."""
    few_shot = arguments.labels, arguments.seeds, arguments.methods
    if arguments.protocol == FEW_SHOT or any(few_shot):
        check_few_shot(arguments)
    if arguments.overrides:
        _check_overrides(arguments)
    if arguments.soft_labels and (arguments.protocol != "linear" or arguments.overrides):
        raise UsageError("--soft_labels requires --protocol linear, without a loss.")

    from soundalike.datasets.source import read_source
    from soundalike.downstream.supervised_recipe import SUPERVISED
    from soundalike.embedding.model_path import ModelError, find_classifier, find_model
    from soundalike.recipes.recipe import read_recipe

    name = arguments.recipe or ("few_labels" if arguments.protocol == FEW_SHOT else "finetune")
    recipe = read_recipe(name, SUPERVISED, arguments.overrides)
    find_model(arguments.model)
    clips = read_source(arguments.source, arguments.label_depth)
    if arguments.protocol == FEW_SHOT:
        return run_few_shot(arguments, recipe, clips)

    from soundalike.downstream.evaluate import evaluate

    result = evaluate(
        arguments.model,
        arguments.source,
        [arguments.protocol] if arguments.protocol else ["linear", "knn"],
        arguments.out,
        task=arguments.task,
        recipe=recipe,
        clips=clips,
        seed=arguments.seed,
        loss=recipe["loss"] if arguments.protocol == "linear" and arguments.overrides else None,
        soft_labels=arguments.soft_labels,
    )
    print_evaluation(result)
    write_json(arguments.json, result)

    from soundalike.report.evaluation_page import write_evaluation_page

    with working_on("write evaluate.html"):
        page = write_evaluation_page(result)
    with contextlib.suppress(ModelError):  # nearest neighbors save no classifier
        find_classifier(result.out)
        out = shlex.quote(str(result.out))
        print(f"name other sounds: soundalike classify {out} SOUNDS --out names.csv")
    print(f"open {page.resolve()}")
    return DONE


def _check_overrides(arguments: argparse.Namespace) -> None:
    """Refuse recipe keys that this evaluation does not use, or that the model determines."""
    if arguments.protocol not in ("finetune", FEW_SHOT):
        for option in arguments.overrides:
            protocols = "finetune or few-shot"
            if not option.startswith("loss."):
                raise UsageError(f"--{option}: recipe keys require --protocol {protocols}.")
            if arguments.protocol != "linear":
                raise UsageError(f"--{option}: a loss requires --protocol linear, {protocols}.")
    if "training.seed" in arguments.overrides:
        raise UsageError("--training.seed: use --seed, which seeds everything in an evaluation.")
    fixed = ("encoder.", "training.patch_frames", "training.align_last_window")
    refuse_fixed_by_model(arguments.overrides, fixed)


def print_evaluation(result: "EvaluationResult") -> None:
    """Print the verdict, the scores of every protocol and representation, and what to know."""
    from rich.table import Table

    from soundalike.downstream.plain_names import MEANINGS, PROTOCOL_NAMES, REPRESENTATION_NAMES

    console = plain_console()
    is_file = not console.is_terminal  # which gets whole lines; a terminal breaks them at words
    console.print(result.verdict.sentence, style="bold", soft_wrap=is_file)
    n_splits = len(result.splits)
    splits = result.splits[0] if n_splits == 1 else counted(n_splits, "fold")
    table = Table(
        title=f"{result.model} on {result.source}: {counted(result.n_test_clips, 'test clip')}, "
        f"{counted(len(result.rows[0].per_class), 'class')} ({splits})",
        title_justify="left",
    )
    has_accuracy = result.rows[0].accuracy is not None
    for name in ("classifier", "of"):
        table.add_column(name)
    for name in (f"{result.metric} (95% interval)", *(["accuracy"] if has_accuracy else [])):
        table.add_column(name, justify="right")
    protocol = None
    for row in result.rows:
        if row.protocol != protocol:
            table.add_section()
        low, high = row.interval
        table.add_row(
            "" if row.protocol == protocol else PROTOCOL_NAMES[row.protocol],
            REPRESENTATION_NAMES[row.representation],
            f"{row.score:.3f} ({low:.3f}-{high:.3f})",
            *([f"{row.accuracy:.3f}"] if has_accuracy else []),
        )
        protocol = row.protocol
    console.print(table)
    for name in dict.fromkeys(row.representation for row in result.rows):
        if name in MEANINGS:
            console.print(f"{REPRESENTATION_NAMES[name]}: {MEANINGS[name]}", soft_wrap=is_file)
    for note in result.notes:
        console.print(f"Note: {note}", soft_wrap=is_file)
    if result.pretrained_on_test_clips:
        console.print(
            "Pre-training included the test clips, without their labels. To exclude clips from "
            "pre-training, put them into the split 'test' (a folder test/ or a column `split`), or "
            "give all clips a column `fold` and pretrain with --test_fold.",
            soft_wrap=is_file,
        )
    console.print(f"Scores per class and predictions per clip: {result.out}", soft_wrap=True)
