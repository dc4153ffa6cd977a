"""Classify sounds with a classifier that evaluate trained."""

import argparse
import sys

from soundalike.cli import DONE
from soundalike.cli.options import (
    add_machine,
    add_out,
    add_precision,
    add_source,
    add_strict,
    add_windows,
    ready_for_inference,
    share,
    with_windows,
)
from soundalike.cli.output import skipped, windows_of_clips, write_json
from soundalike.runtime.counts import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "run", metavar="RUN", help="folder of an evaluation, or of one of its classifiers"
    )
    add_source(parser)
    add_out(parser, "CSV", "file to write")
    parser.add_argument("--windows", action="store_true", help="write a row per window")
    parser.add_argument(
        "--threshold",
        type=share,
        metavar="P",
        help="probability below which a prediction is 'unsure' (default: the classifier's own)",
    )
    parser.add_argument(
        "--false_alarms",
        type=_rate,
        default=0.05,
        metavar="P",
        help="share of clips of the known classes that may be called 'none of these'; 0: never "
        "say so (default: %(default)s)",
    )
    add_windows(parser)
    add_precision(parser)
    add_strict(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Classify the clips; print how many have no class."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_classifier
    from soundalike.embedding.output_file import check_output

    check_output(arguments.out, [".csv"])
    folder = find_classifier(arguments.run)
    clips = read_source(arguments.source, arguments.label_depth)

    from soundalike.embedding import classify
    from soundalike.embedding.sound_classifier import SoundClassifier

    classifier = SoundClassifier.load(folder)
    model = with_windows(classifier.model, arguments)
    if model.windows != classifier.model.windows:
        print("the threshold of 'unsure' was chosen with other windows", file=sys.stderr)
    classifier.model = ready_for_inference(model, arguments.precision)
    classifier.to(classifier.model.device)
    if arguments.threshold is not None:
        classifier.threshold = arguments.threshold
    counts = classify.classify(
        classifier,
        clips,
        arguments.out,
        windows=arguments.windows,
        false_alarms=arguments.false_alarms,
        strict=arguments.strict,
    )
    write_json(arguments.json, counts)
    rows = windows_of_clips(counts) if arguments.windows else counted(counts.n_clips, "clip")
    why = f"below {classifier.threshold:.2f}"
    if (classifier.threshold or 0) > 1:  # no probability reaches it
        why = (
            "the evaluation had too few clips, or too many wrong answers, to promise that 90% are "
            "right: see the column class_1, or set --threshold"
        )
    if reason := classify.why_never_none(classifier, arguments.false_alarms):
        print(f"no clip is 'none of these': {reason}", file=sys.stderr)
    others = {"none of these": counts.n_none, "silent": counts.n_silent}
    answers = "".join(f", {n:,} {name}" for name, n in others.items() if n)
    print(
        f"{rows} in {arguments.out}, {counts.n_unsure:,} unsure "
        f"({why}){answers}{skipped(counts.n_problems, counts.problems)}"
    )
    return DONE


def _rate(text: str) -> float:
    """Return an argument that is a number from 0 to below 1."""
    value = share(text)
    if value == 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number below 1")
    return value
