"""The commands. Nothing heavy is imported before one of them runs."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soundalike import __version__
from soundalike.cli import commands
from soundalike.cli.commands import FAILED, WRONG_USE, UsageError

SOURCE_HELP = (
    "a folder of sounds (names of sub-folders are labels), a manifest (CSV, TSV or Parquet with a "
    "column 'path'), a data set such as esc10:ROOT or synthetic:small, or a prepared store"
)
MODEL_HELP = (
    "a run folder made by pretrain, a folder with config.json and model.safetensors, or the name "
    "of a model that comes with soundalike (default: default)"
)
FRONT_END_HELP = "Any key of the front end can be given as an option: --front_end.n_mels 64."
OVERRIDES_HELP = (
    "Any key of the recipe can be given as an option: --loss.temperature 0.1 --encoder.name vgg "
    "--views.noise null. --print_recipe shows them all."
)
VIEWS_HELP = (
    "Any key of the recipe can be given as an option: --views.mix_back.alpha 0.2 --views.noise "
    "null. soundalike pretrain --print_recipe shows them all."
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 when it is done, 1 when it failed, 2 when it was used wrongly."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what it cannot show
    words, overrides = _split_overrides(sys.argv[1:] if arguments is None else arguments)
    parser, parsers = _parsers()
    if words and words[0] in parsers:
        parser = parsers[words[0]]
        given = parser.parse_intermixed_args(words[1:])  # MODEL --out FILE SOURCE is as good
    else:
        given = parser.parse_args(words)
    if overrides and not given.takes_overrides:
        parser.error(f"{next(iter(overrides))} is a key of a recipe, and this command takes none")
    try:
        given.overrides = _values(overrides)
        code = given.command(given)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nstopped: run the same command again to go on", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever read the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if (code := _exit_code(error)) is None:
            raise
        print(f"soundalike: {_one_line(error)}", file=sys.stderr)
        return code


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of the program, and that of each command by its name."""
    parser = argparse.ArgumentParser(
        prog="soundalike",
        description="Learns what sounds alike without labels, and puts the learned model to work.",
        epilog="soundalike COMMAND --help says more.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"soundalike {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str, **more: Any) -> Any:
        added = subparsers.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            allow_abbrev=False,
            **more,
        )
        added.set_defaults(command=run, takes_overrides=False)
        added.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
        return added

    added = command("demo", commands.demo, "tell the whole story on sounds made by code")
    added.add_argument("--out", type=Path, default=Path("demo"), help="folder (default: demo)")

    added = command("download", commands.download, "fetch and verify a public data set")
    added.add_argument("name", metavar="NAME", help="fsdnoisy18k")
    added.add_argument("root", metavar="ROOT", type=Path, help="folder to put it in")

    added = command("scan", commands.scan, "say what is in a source and what is wrong with it")
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    _add_workers(added)

    added = command(
        "prepare", commands.prepare, "turn sounds into a store of log-mels", epilog=FRONT_END_HELP
    )
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, required=True, metavar="STORE", help="folder to make")
    _add_recipe(added, "default", "default, paper, simclr, spec_augment, tiny or a YAML file")
    _add_workers(added)
    _add_strict(added)

    added = command(
        "views",
        commands.views,
        "write a page of pairs of views to see and to hear, before training on them",
        epilog=VIEWS_HELP,
    )
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument(
        "--out", type=Path, default=Path("views.html"), metavar="HTML", help="file (views.html)"
    )
    _add_recipe(added, "default", "default, paper, simclr, spec_augment, tiny or a YAML file")
    added.add_argument("--pairs", type=_at_least(1), default=8, metavar="N", help="how many (8)")
    added.add_argument("--seed", type=_at_least(0), default=0, help="of the clips and their views")

    added = command(
        "pretrain", commands.pretrain, "learn from sounds without labels", epilog=OVERRIDES_HELP
    )
    added.add_argument("source", metavar="SOURCE", nargs="?", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, metavar="RUN", help="folder to make, or to go on in")
    _add_recipe(added, "default", "default, paper, simclr, spec_augment, tiny or a YAML file")
    added.add_argument("--init", metavar="MODEL", help="go on from this model, not from chance")
    added.add_argument("--test_fold", metavar="FOLD", help="do not hear the clips of this fold")
    added.add_argument("--print_recipe", action="store_true", help="show the recipe and exit")
    _add_strict(added)

    added = command(
        "evaluate",
        commands.evaluate,
        "classify labeled clips by what a model hears, and keep the classifiers",
        epilog="With --protocol finetune any key of its recipe can be given as an option: "
        "--optimizer.lr 0.001 --training.n_epochs 50.",
    )
    _add_model_and_source(added)
    added.add_argument(
        "--protocol",
        choices=["linear", "knn", "finetune"],
        help="only this one; by default linear and knn, which leave the model as it is",
    )
    added.add_argument(
        "--task",
        choices=["noisy", "clean"],
        default="noisy",
        help="noisy (default): learn from the split train, choose by validation; clean: learn from "
        "85 %% of validation, choose by the rest",
    )
    _add_recipe(added, "finetune", "of the fine-tuning: finetune, few_labels or a YAML file")
    added.add_argument(
        "--seed", type=_at_least(0), default=0, help="of what is trained and of the interval"
    )
    added.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for results and store (default: evaluation/SOURCE in MODEL; in the working "
        "folder for a model that comes with soundalike)",
    )

    added = command("classify", commands.classify, "name sounds by what evaluate has learned")
    added.add_argument("run", metavar="RUN", help="folder of an evaluation, or of a classifier")
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, required=True, metavar="CSV", help="file to write")
    added.add_argument("--windows", action="store_true", help="a row for every window")
    added.add_argument(
        "--threshold", type=_share, metavar="P", help="probability below which it is unsure"
    )
    _add_precision(added)
    _add_strict(added)

    added = command("embed", commands.embed, "write a vector for every window of every sound")
    _add_model_and_source(added)
    added.add_argument("--out", type=Path, required=True, metavar="PARQUET", help="file to write")
    _add_precision(added)
    _add_strict(added)

    added = command("paper", commands.paper, "run the paper's experiments, to tables and figures")
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the runs")
    added.add_argument("--only", nargs="+", metavar="NAME", help="tables, or TABLE/ROW")
    added.add_argument("--seeds", type=_at_least(1), default=1, metavar="N", help="how many (1)")
    added.add_argument(
        "--budget",
        default="paper",
        metavar="NAME|SHARE",
        help="small, laptop, paper (default), or a share of the paper's epochs such as 0.1",
    )
    added.add_argument(
        "--label_noise",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="give this share of the training clips a wrong label",
    )
    return parser, subparsers.choices


def _add_model_and_source(added: argparse.ArgumentParser) -> None:
    added.add_argument("model", metavar="MODEL", nargs="?", default="default", help=MODEL_HELP)
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)


def _add_recipe(added: argparse.ArgumentParser, default: str, help: str) -> None:
    added.set_defaults(takes_overrides=True)
    added.add_argument("--recipe", default=default, metavar="NAME|FILE", help=help)


def _add_workers(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--workers", type=_at_least(1), metavar="N", help="processes (default: all processors)"
    )


def _add_precision(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--precision",
        choices=["auto", "32"],
        default="auto",
        help="32: exact; auto (default): bf16 where the processor multiplies it natively",
    )


def _add_strict(added: argparse.ArgumentParser) -> None:
    added.add_argument("--strict", action="store_true", help="stop at a broken clip")


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}': give a whole number from {least}")
        return int(text)

    return whole_number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"'{text}': give a number from 0 to 1")
    return share


def _split_overrides(words: list[str]) -> tuple[list[str], dict[str, str | None]]:
    """Take ``--section.key value`` and ``--section.key=value`` out of the words of a command."""
    rest, overrides = [], {}
    waiting = iter(words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if option.startswith("--") and "." in option:
            overrides[option] = value if equals else next(waiting, None)
        else:
            rest.append(word)
    return rest, overrides


def _values(overrides: dict[str, str | None]) -> dict[str, Any]:
    """Read the values of overrides as YAML."""
    import yaml

    values = {}
    for option, text in overrides.items():
        if text is None:
            raise UsageError(f"{option} needs a value.")
        try:
            values[option.removeprefix("--")] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"{option}: '{text}' is no YAML value.") from None
    return values


# By name, so that saying what was wrong does not import what was not needed.
WRONG_USE_ERRORS = {
    "SourceError", "RecipeError", "RunError", "ModelError", "PaperError", "UsageError",
}  # fmt: skip


def _exit_code(error: Exception) -> int | None:
    """Tell what an error means to whoever called; None for those that are our own mistakes."""
    if type(error).__module__.startswith("soundalike."):
        return WRONG_USE if type(error).__name__ in WRONG_USE_ERRORS else FAILED
    return FAILED if isinstance(error, OSError) else None


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        where = f"{error.filename}: " if error.filename else ""
        reason = os.strerror(error.errno).lower()
        return f"{where}{reason}: make room or name another place, then run it again"
    return " ".join(str(error).split())
