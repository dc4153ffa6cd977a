"""The few-shot protocol of `evaluate`: its options, its table, and its page."""

import argparse
from typing import TYPE_CHECKING

from soundalike.cli import DONE, UsageError
from soundalike.cli.argument_types import at_least
from soundalike.cli.options import refuse_unused
from soundalike.cli.output import plain_console, write_json
from soundalike.downstream.few_shot_methods import FROZEN, METHODS, OF_THE_MODEL, TRAININGS
from soundalike.runtime.counts import counted
from soundalike.runtime.heartbeat import working_on
from soundalike.runtime.suggestions import did_you_mean

if TYPE_CHECKING:
    from soundalike.datasets.clips import ClipTable
    from soundalike.downstream.label_efficiency_result import LabelEfficiencyResult
    from soundalike.recipes.sections import Recipe

FEW_SHOT, ALL = "few-shot", "all"
DEFAULT_LABELS, DEFAULT_SEEDS = "1,2,5,10,20,all", 5


def add_few_shot(parser: argparse.ArgumentParser) -> None:
    """Add the options of the protocol; without them their value is None."""
    group = parser.add_argument_group("with --protocol few-shot")
    group.add_argument(
        "--labels",
        type=numbers_of_labels,
        metavar="N,N,...",
        help="numbers of labels per class, or all: all training clips, also where classes differ "
        f"in size (default: {DEFAULT_LABELS})",
    )
    group.add_argument(
        "--seeds",
        type=at_least(1),
        metavar="N",
        help=f"number of random draws of labels (default: {DEFAULT_SEEDS})",
    )
    group.add_argument(
        "--methods",
        type=names_of_methods,
        metavar="NAME,...",
        help="what is compared: linear, the model with a linear classifier; log_mel, a plain "
        "spectrum with one; finetune, the model with all weights trained; scratch, the same "
        "training from random weights; or all (default: linear,log_mel, the quick ones)",
    )


def numbers_of_labels(text: str) -> list[int | None]:
    """Return an argument such as "1,5,all" as numbers; None is all."""
    whole_number = at_least(1)
    return [None if word.strip() == ALL else whole_number(word.strip()) for word in text.split(",")]


def names_of_methods(text: str) -> list[str]:
    """Return an argument such as "linear,scratch" as names of methods."""
    words = [word.strip() for word in text.split(",")]
    names = list(METHODS) if words == [ALL] else words
    for name in names:
        if name not in METHODS:
            hint = did_you_mean(name, list(METHODS))
            known = f"expected {', '.join(METHODS)} or {ALL}"
            raise argparse.ArgumentTypeError(f"'{name}': {hint or known}")
    return names


def check_few_shot(arguments: argparse.Namespace) -> None:
    """Refuse the options with another protocol, and methods that answer nothing.

    Raises:
        UsageError: an option would be ignored, or no method uses the model.
    """
    if arguments.protocol != FEW_SHOT:
        names = {name: f"--{name}" for name in ("labels", "seeds", "methods")}
        refuse_unused(arguments, names, f"is for --protocol {FEW_SHOT}")
        return
    methods = arguments.methods or FROZEN
    if not set(methods) & set(OF_THE_MODEL):
        raise UsageError(
            f"--methods {','.join(methods)}: none of them uses the model: add linear or finetune."
        )
    if arguments.overrides and not set(methods) & set(TRAININGS):
        option = next(iter(arguments.overrides))
        raise UsageError(
            f"--{option}: recipe keys are for trainings: add finetune or scratch to --methods."
        )


def run_few_shot(arguments: argparse.Namespace, recipe: "Recipe", clips: "ClipTable") -> int:
    """Evaluate with few labels; print the answer and a table, and write a page."""
    from soundalike.downstream.label_efficiency import label_efficiency

    result = label_efficiency(
        arguments.model,
        arguments.source,
        arguments.methods or FROZEN,
        arguments.out,
        amounts=arguments.labels or numbers_of_labels(DEFAULT_LABELS),
        n_seeds=arguments.seeds or DEFAULT_SEEDS,
        task=arguments.task,
        recipe=recipe,
        clips=clips,
        seed=arguments.seed,
    )
    print_label_efficiency(result)
    write_json(arguments.json, result)

    from soundalike.report.few_shot_page import write_few_shot_page

    with working_on("write few_shot.html"):
        page = write_few_shot_page(result)
    print(f"open {page.resolve()}")
    return DONE


def print_label_efficiency(result: "LabelEfficiencyResult") -> None:
    """Print the answer, the score of every method and number of labels, and what to know."""
    from rich.table import Table

    from soundalike.downstream.few_shot_draws import mean_amount_name

    console = plain_console()
    console.print(result.saving.sentence, style="bold", soft_wrap=True)
    n_splits = len(result.splits)
    splits = result.splits[0] if n_splits == 1 else counted(n_splits, "fold")
    table = Table(
        title=f"{result.model} on {result.source}: clips of 100 that are named right (95% "
        f"interval); {counted(result.n_test_clips, 'test clip')}, "
        f"{counted(len(result.classes), 'class')} ({splits}), "
        f"{counted(len(result.seeds), 'draw')} of labels",
        title_justify="left",
    )
    table.add_column("labels a class", justify="right")
    for method in result.methods:
        table.add_column(METHODS[method], justify="right")
    scores = {(point.method, point.labels): point for point in result.points}
    for amount in result.labels:
        points = [scores[method, amount] for method in result.methods]
        mean = mean_amount_name(points[0].labels_per_class)
        name = f"{ALL} ({mean})" if amount is None else f"{amount:,}"
        table.add_row(
            name,
            *(
                "{:.1f} ({:.0f}-{:.0f})".format(*(100 * x for x in (p.score, *p.interval)))
                for p in points
            ),
        )
    console.print(table)
    for note in result.notes:
        console.print(f"Note: {note}", soft_wrap=True)
    if result.pretrained_on_test_clips:
        console.print("Pre-training included the test clips, without their labels.")
    if not set(result.methods) & set(TRAININGS):
        console.print(
            "Fine-tuning and training from scratch: --methods all; it first says how long that "
            "takes.",
            soft_wrap=True,
        )
    console.print(f"Scores of every draw: {result.out}", soft_wrap=True)
