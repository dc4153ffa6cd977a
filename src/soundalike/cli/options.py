"""Arguments that several commands share, with their help texts and types."""

import argparse
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.cli import UsageError
from soundalike.runtime.limits import DEVICES

if TYPE_CHECKING:
    from soundalike.datasets.folder_names import LabelDepth
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

LARGEST_SEED = 2**31 - 1  # scikit-learn's end at twice that; draws of labels count on from theirs


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


def address(text: str) -> str:
    """Return an address in object storage."""
    from soundalike.runtime.object_storage import is_address

    text = text.rstrip("/")
    if not is_address(text):
        raise argparse.ArgumentTypeError(f"'{text}': expected an address such as s3://bucket/birds")
    return text


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


def file_to_write(text: str) -> Path:
    """Return an argument that is a file to write."""
    path = file_or_device(text)
    if os.path.exists(text) and not os.path.isfile(text):
        raise argparse.ArgumentTypeError(f"'{text}' is a device or a pipe: name a file")
    return path


def file_or_device(text: str) -> Path:
    """Return an argument that is a file, a device or a pipe to write to."""
    path = Path(text)
    # Not the methods of paths, which raise where a folder may not be looked into.
    if os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"'{text}' is a folder: name a file")
    if os.path.isfile(path) and path.suffix.lower() in AUDIO_SUFFIXES:
        raise argparse.ArgumentTypeError(
            f"'{text}' is a sound, which would be overwritten: name another file"
        )
    return path


def at_least(minimum: int) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number from ``minimum`` on."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"'{text}': expected a whole number from {minimum}")
        return int(text)

    return whole_number


def seed(text: str) -> int:
    """Return an argument that is a random seed."""
    value = at_least(0)(text)
    if value > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"'{text}': expected at most {LARGEST_SEED}")
    return value


def label_depth(text: str) -> "LabelDepth":
    """Return an argument that is a whole number from 1 on, or "deepest"."""
    if text == "deepest":
        return "deepest"
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected 1, 2 ... or deepest")
    return int(text)


def share(text: str) -> float:
    """Return an argument that is a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number from 0 to 1")
    return value


def positive_number(text: str) -> float:
    """Return an argument that is a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number above 0")
    return value
