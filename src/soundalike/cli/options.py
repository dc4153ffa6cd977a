"""Arguments that several commands share, with their help texts."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli import UsageError
from soundalike.cli.argument_types import address, at_least, label_depth, positive_number
from soundalike.runtime.limits import DEVICES

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder

SOURCE_HELP = (
    "a folder of sounds (sub-folder names are labels or splits), a sound, a quoted pattern such as "
    "'sounds/*.wav', a text file of paths, a manifest (CSV, TSV, Parquet or JSON lines with a "
    "column 'path'), a Raven, Audacity or BirdNET table beside its sounds, WebDataset tars such as "
    "'birds-{000..099}.tar' or a folder of them, a data set such as esc10:ROOT or synthetic:small, "
    "or a prepared store"
)
MODEL_HELP = (
    "a run folder written by pretrain, a folder with config.json and its weights, or the "
    "name of a shipped model (default: default)"
)


def add_source(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add SOURCE, which ``nargs="?"`` makes optional, and ``--label_depth``."""
    parser.add_argument("source", metavar="SOURCE", nargs=nargs, help=SOURCE_HELP)
    parser.add_argument(
        "--label_depth",
        type=label_depth,
        metavar="N",
        help="which level of folders is the label: 1, 2 ... or deepest (default: the first that is "
        "no split or fold)",
    )


def add_tables(parser: argparse.ArgumentParser) -> None:
    """Add ``--tables``."""
    parser.add_argument(
        "--tables",
        type=address,
        metavar="ADDRESS",
        help="keep the tables of a new archive in object storage, such as s3://bucket/birds, and "
        "the rest in the folder",
    )


def add_model_and_source(parser: argparse.ArgumentParser) -> None:
    """Add MODEL, which may be left out, and SOURCE."""
    parser.add_argument("model", metavar="MODEL", nargs="?", default="default", help=MODEL_HELP)
    add_source(parser)


def add_out(parser: argparse.ArgumentParser, metavar: str, help: str) -> None:
    """Add ``--out``, which is required."""
    parser.add_argument("--out", type=Path, required=True, metavar=metavar, help=help)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``, which is also called ``--threads``: a worker has one thread."""
    parser.add_argument(
        "--workers",
        "--threads",
        type=at_least(1),
        metavar="N",
        help="number of worker processes (default: SOUNDALIKE_THREADS, or one per processor)",
    )


def add_machine(parser: argparse.ArgumentParser) -> None:
    """Add ``--device`` and ``--threads``; `main` acts on them."""
    parser.add_argument(
        "--device", choices=DEVICES, help="where to compute (default: a GPU if there is one)"
    )
    add_threads(parser)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add ``--threads``; `main` acts on it."""
    parser.add_argument(
        "--threads",
        type=at_least(1),
        metavar="N",
        help="number of threads, and of worker processes (default: SOUNDALIKE_THREADS, or one per "
        "processor)",
    )


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add ``--strict``."""
    parser.add_argument(
        "--strict", action="store_true", help="fail at the first clip that cannot be read"
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Add ``--precision``; `ready_for_inference` acts on it."""
    parser.add_argument(
        "--precision",
        choices=["auto", "32"],
        default="auto",
        help="32: exact float32; auto (default): bfloat16 on processors with native support",
    )


def add_windows(parser: argparse.ArgumentParser) -> None:
    """Add ``--window_s`` and ``--hop_s``; `with_windows` acts on them."""
    parser.add_argument(
        "--window_s",
        type=positive_number,
        metavar="S",
        help="length of a window in seconds (default: the model's; a shorter clip is one window)",
    )
    parser.add_argument(
        "--hop_s",
        type=positive_number,
        metavar="S",
        help="seconds from the start of one window to that of the next (default: half a window)",
    )


def with_windows(model: "SoundEncoder", arguments: argparse.Namespace) -> "SoundEncoder":
    """Return a model with the windows of ``--window_s`` and ``--hop_s``, and print what they are.

    Raises:
        UsageError: the model cannot read such windows.
    """
    try:
        model = model.with_windows(arguments.window_s, arguments.hop_s)
    except ValueError as error:
        raise UsageError(f"--{error}") from None
    print(model.windows.in_words(model.front_end.hop_s), file=sys.stderr)
    return model


def ready_for_inference(model: "SoundEncoder", precision: str) -> "SoundEncoder":
    """Return a model on the best device, in the number format chosen by ``--precision``."""
    from soundalike.embedding.inference import for_inference
    from soundalike.runtime.hardware import choose_hardware

    hardware = choose_hardware("32-true" if precision == "32" else "auto")
    print(f"runs on {hardware.name}", file=sys.stderr)
    hardware.set_up()
    return for_inference(model, hardware.dtype).to(hardware.accelerator)


def refuse_unused(arguments: argparse.Namespace, names: dict[str, str], reason: str) -> None:
    """Refuse options that would be ignored.

    Args:
        arguments: of the command.
        names: the options, by their names in `arguments`.
        reason: why they would be ignored, after the name of the option.

    Raises:
        UsageError: one of them is set.
    """
    for name, option in names.items():
        if getattr(arguments, name) not in (None, False, "", []):
            raise UsageError(f"{option} {reason}: leave it out.")


def refuse_root(arguments: argparse.Namespace) -> None:
    """Refuse ``--root`` where a SOURCE is named instead of an ARCHIVE."""
    reason = f"is for an archive, and {arguments.archive} is none"
    refuse_unused(arguments, {"root": "--root"}, reason)
