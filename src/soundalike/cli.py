"""The commands. Nothing heavy is imported before one of them runs."""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soundalike import __version__

DONE, FAILED, WRONG_USE = 0, 1, 2

SOURCE_HELP = (
    "a folder of sounds (names of sub-folders are labels), a manifest (CSV, TSV or Parquet with a "
    "column 'path'), a data set such as esc10:ROOT or synthetic:small, or a prepared store"
)
MODEL_HELP = "a run folder made by pretrain, or a folder with config.json and model.safetensors"
FRONT_END_HELP = "Any key of the front end can be given as an option: --log_mel.n_mels 64."
OVERRIDES_HELP = (
    "Any key of the recipe can be given as an option: --loss.temperature 0.1 --encoder.name vgg "
    "--views.noise null. --print_recipe shows them all."
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 when it is done, 1 when it failed, 2 when it was used wrongly."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what it cannot show
    words, overrides = _split_overrides(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    given = parser.parse_args(words)
    if overrides and not given.takes_overrides:
        parser.error(f"{next(iter(overrides))} is a key of a recipe, and this command takes none")
    try:
        given.overrides = _values(overrides)
        code = given.run(given)
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


def _demo(given: argparse.Namespace) -> int:
    from soundalike.report.demo_run import run_demo

    numbers = run_demo(given.out)
    _write_json(given.json, numbers)
    print(f"open {(given.out / 'report.html').resolve()}")
    return DONE


def _scan(given: argparse.Namespace) -> int:
    from soundalike.datasets.scan import scan
    from soundalike.datasets.source import read_source
    from soundalike.report.tables import print_scan

    found = scan(read_source(given.source), n_workers=given.workers)
    _write_json(given.json, found)
    print_scan(found)
    return DONE


def _prepare(given: argparse.Namespace) -> int:
    from soundalike.datasets.prepare import prepare
    from soundalike.datasets.source import read_source
    from soundalike.training.recipe import read_recipe

    recipe = read_recipe(given.recipe, given.overrides)
    store = prepare(
        read_source(given.source),
        given.out,
        _front_end(recipe),
        n_workers=given.workers,
        strict=given.strict,
    )
    numbers = {
        "n_clips": len(store.clips),
        "hours": store.hours,
        "n_problems": store.n_problems,
        "store": str(given.out),
    }
    _write_json(given.json, numbers)
    print(f"{len(store.clips):,} clips, {store.hours:.2f} h in {given.out}{_left_out(store)}")
    return DONE


def _pretrain(given: argparse.Namespace) -> int:
    if not given.print_recipe and (given.source is None or given.out is None):
        raise UsageError("pretrain needs a SOURCE and --out RUN.")

    from soundalike.training.recipe import read_recipe, write_recipe

    recipe = read_recipe(given.recipe, given.overrides)
    if given.print_recipe:
        print(write_recipe(recipe), end="")
        return DONE

    from soundalike.datasets.prepare import open_or_prepare
    from soundalike.training.pretraining import pretrain
    from soundalike.training.run_folder import RunFolder

    run = RunFolder(given.out)
    store = open_or_prepare(given.source, run.store, _front_end(recipe), strict=given.strict)
    run.configure(
        source=given.source, clips=store.fingerprint, test_fold=given.test_fold, recipe=recipe
    )
    numbers = pretrain(store, run, recipe, test_fold=given.test_fold)
    numbers |= {"run": str(given.out), "n_problems": store.n_problems}
    _write_json(given.json, numbers)
    if numbers["n_steps_done"] < numbers["n_steps"]:
        print(
            f"stopped after {numbers['n_steps_done']:,} of {numbers['n_steps']:,} steps; the same "
            "command goes on from there"
        )
        return FAILED
    print(f"trained for {numbers['n_steps']:,} steps: {run.encoder}{_left_out(store)}")
    return DONE


def _evaluate(given: argparse.Namespace) -> int:
    from soundalike.report.tables import print_evaluation
    from soundalike.training.evaluation import evaluate_run

    protocols = [given.protocol] if given.protocol else ["linear", "knn"]
    results = evaluate_run(given.model, given.source, protocols, given.out, seed=given.seed)
    _write_json(given.json, results)
    print_evaluation(results)
    return DONE


def _embed(given: argparse.Namespace) -> int:
    from soundalike.datasets.source import read_source
    from soundalike.embedding.embed import embed
    from soundalike.embedding.sound_encoder import SoundEncoder

    encoder = SoundEncoder.from_pretrained(given.model)
    counts = embed(encoder, read_source(given.source), given.out, strict=given.strict)
    _write_json(given.json, counts)
    left_out = f"; left out {counts['n_problems']} (see {counts['problems']})"
    print(
        f"{counts['n_windows']:,} windows of {counts['n_clips']:,} clips in {given.out}"
        f"{left_out if counts['n_problems'] else ''}"
    )
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="soundalike",
        description="Learns what sounds alike without labels, and puts the learned ear to work.",
        epilog="soundalike COMMAND --help says more.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"soundalike {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str, **more: Any) -> Any:
        added = commands.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            allow_abbrev=False,
            **more,
        )
        added.set_defaults(run=run, takes_overrides=False)
        added.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
        return added

    added = command("demo", _demo, "tell the whole story on sounds made by code")
    added.add_argument("--out", type=Path, default=Path("demo"), help="folder (default: demo)")

    added = command("scan", _scan, "say what is in a source and what is wrong with it")
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    _add_workers(added)

    added = command(
        "prepare", _prepare, "turn sounds into a store of log-mels", epilog=FRONT_END_HELP
    )
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, required=True, metavar="STORE", help="folder to make")
    _add_recipe(added)
    _add_workers(added)
    _add_strict(added)

    added = command(
        "pretrain", _pretrain, "learn from sounds without labels", epilog=OVERRIDES_HELP
    )
    added.add_argument("source", metavar="SOURCE", nargs="?", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, metavar="RUN", help="folder to make, or to go on in")
    _add_recipe(added)
    added.add_argument("--test_fold", metavar="FOLD", help="do not hear the clips of this fold")
    added.add_argument("--print_recipe", action="store_true", help="show the recipe and exit")
    _add_strict(added)

    added = command("evaluate", _evaluate, "classify labelled clips by what a model hears")
    added.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--protocol", choices=["linear", "knn"], help="only this one of the two")
    added.add_argument("--seed", type=_at_least(0), default=0, help="of the probe and the interval")
    added.add_argument("--out", type=Path, metavar="DIR", help="folder for results and store")

    added = command("embed", _embed, "write a vector for every window of every sound")
    added.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    added.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    added.add_argument("--out", type=Path, required=True, metavar="PARQUET", help="file to write")
    _add_strict(added)
    return parser


def _add_recipe(added: argparse.ArgumentParser) -> None:
    added.set_defaults(takes_overrides=True)
    added.add_argument(
        "--recipe",
        default="default",
        metavar="NAME|FILE",
        help="default, paper, tiny or a YAML file",
    )


def _add_workers(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--workers", type=_at_least(1), metavar="N", help="processes (default: all processors)"
    )


def _add_strict(added: argparse.ArgumentParser) -> None:
    added.add_argument("--strict", action="store_true", help="stop at a broken clip")


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}': give a whole number from {least}")
        return int(text)

    return whole_number


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
WRONG_USE_ERRORS = {"SourceError", "RecipeError", "RunError", "ModelError", "UsageError"}


class UsageError(Exception):
    """A command was used wrongly in a way that its options alone do not show."""


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


def _front_end(recipe: dict[str, Any]) -> Any:
    from soundalike.audio.log_mel import LogMel

    try:
        return LogMel(**recipe["log_mel"])
    except ValueError as error:  # each of its settings is right, and together they are not
        raise UsageError(f"log_mel: {error}.") from None


def _left_out(store: Any) -> str:
    if not store.n_problems:
        return ""
    return f"; left out {store.n_problems:,} (see {store.path / 'problems.csv'})"


def _write_json(path: Path | None, numbers: dict[str, Any]) -> None:
    if path is None:
        return
    text = json.dumps(numbers, indent=1) + "\n"
    if path.exists() and not path.is_file():  # a device or a pipe, which nothing may replace
        path.write_text(text)
        return

    from soundalike.datasets.in_place import put_in_place

    path.parent.mkdir(parents=True, exist_ok=True)
    with put_in_place(path.resolve()) as beside:
        beside.write_text(text)
