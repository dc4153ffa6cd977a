"""Classify sounds with a classifier that evaluate trained."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli import DONE, UsageError
from soundalike.cli.argument_types import share
from soundalike.cli.options import (
    add_machine,
    add_out,
    add_precision,
    add_source,
    add_strict,
    add_windows,
    ready_for_inference,
    with_windows,
)
from soundalike.cli.output import skipped, windows_of_clips, write_json
from soundalike.datasets.event_formats import FORMATS
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    from soundalike.datasets.clips import ClipTable
    from soundalike.embedding.classify import ClassifyResult
    from soundalike.embedding.sound_classifier import SoundClassifier

MOST_NAMED = 5  # classes in the last line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "run", metavar="RUN", help="folder of an evaluation, or of one of its classifiers"
    )
    add_source(parser)
    add_out(
        parser,
        "FILE",
        "CSV file to write; of events in the formats raven and audacity a folder, which gets a "
        "table per recording",
    )
    parser.add_argument(
        "--per",
        choices=["clip", "window", "event"],
        help="write a row per clip; per window; or per event, which is where a sound starts and "
        "ends in a recording (default: clip, or event if most clips are longer than 30 s)",
    )
    parser.add_argument(
        "--format",
        choices=sorted(FORMATS),
        default="csv",
        help="of events: csv, which other commands take as SOURCE; a selection table of Raven; a "
        "label track of Audacity; or a CSV file like BirdNET's (default: %(default)s)",
    )
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
    """Classify the clips; print how many have no class, or how many events there are."""
    from soundalike.datasets.event_files import check_event_output
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_classifier
    from soundalike.embedding.output_file import check_output

    if arguments.format == "csv":
        check_output(arguments.out, [".csv"])
    elif arguments.per in ("clip", "window"):
        raise UsageError(f"--format {arguments.format} is for events, not for --per clip or window")
    folder = find_classifier(arguments.run)
    clips = read_source(arguments.source, arguments.label_depth)
    is_of_events = arguments.per == "event" or arguments.format != "csv"
    if arguments.per is None and not is_of_events and _are_long(clips):
        is_of_events = True
        print(
            "most clips are longer than 30 s: writes a row per event (--per clip: per clip)",
            file=sys.stderr,
        )
    if is_of_events:
        check_event_output(arguments.out, arguments.format, clips.rows["path"].nunique())
    classifier = _load(folder, arguments)
    return (_write_events if is_of_events else _write_rows)(classifier, clips, arguments)


def _are_long(clips: "ClipTable") -> bool:
    from soundalike.search.window_choice import LONG_S, median_duration_s

    return median_duration_s(clips) > LONG_S


def _load(folder: Path, arguments: argparse.Namespace) -> "SoundClassifier":
    from soundalike.embedding.sound_classifier import SoundClassifier

    classifier = SoundClassifier.load(folder)
    model = with_windows(classifier.model, arguments)
    if model.windows != classifier.model.windows:
        print("the threshold of 'unsure' was chosen with other windows", file=sys.stderr)
    classifier.model = ready_for_inference(model, arguments.precision)
    classifier.to(classifier.model.device)
    if arguments.threshold is not None:
        classifier.threshold = arguments.threshold
    return classifier


def _write_rows(
    classifier: "SoundClassifier", clips: "ClipTable", arguments: argparse.Namespace
) -> int:
    from soundalike.embedding import classify

    is_per_window = arguments.per == "window"
    counts = classify.classify(
        classifier,
        clips,
        arguments.out,
        windows=is_per_window,
        false_alarms=arguments.false_alarms,
        strict=arguments.strict,
    )
    write_json(arguments.json, counts)
    rows = windows_of_clips(counts) if is_per_window else counted(counts.n_clips, "clip")
    if arguments.per is None and (n_long := counts.n_clips - counts.n_uncut):
        are = (
            "is longer than a window and has"
            if n_long == 1
            else "are longer than a window and have"
        )
        print(
            f"{counted(n_long, 'clip')} {are} one answer: --per event says what is where in them",
            file=sys.stderr,
        )
    if reason := classify.why_never_none(classifier, arguments.false_alarms):
        print(f"no clip is 'none of these': {reason}", file=sys.stderr)
    answers = ""
    if counts.n_none:
        answers += f", {counts.n_none:,} none of these (known below {counts.known_threshold:.2f})"
    if counts.n_silent:
        answers += f", {counts.n_silent:,} silent"
    print(
        f"{rows} in {arguments.out}, {_classes_in_words(classifier, counts)}{answers}"
        f"{skipped(counts.n_problems, counts.problems)}"
    )
    return DONE


def _write_events(
    classifier: "SoundClassifier", clips: "ClipTable", arguments: argparse.Namespace
) -> int:
    from soundalike.embedding.classify_events import classify_events

    counts = classify_events(
        classifier,
        clips,
        arguments.out,
        format=arguments.format,
        false_alarms=arguments.false_alarms,
        strict=arguments.strict,
    )
    write_json(arguments.json, counts)
    if not counts.n_events:
        print(f"no event: {_why_unsure(classifier)}", file=sys.stderr)
    most = sorted(counts.classes.items(), key=lambda item: -item[1])
    classes = ", ".join(f"{n:,} {name}" for name, n in most[:MOST_NAMED])
    classes += ", ..." if len(most) > MOST_NAMED else ""
    hours = f"{counts.hours:,.1f} h" if counts.hours >= 1 else f"{60 * counts.hours:.1f} min"
    print(
        f"{counted(counts.n_events, 'event')} in {hours} of {counted(counts.n_clips, 'clip')}"
        f"{f' ({classes})' if classes else ''}; in {arguments.out}"
        f"{skipped(counts.n_problems, counts.problems)}"
    )
    return DONE


def _classes_in_words(classifier: "SoundClassifier", counts: "ClassifyResult") -> str:
    if classifier.is_detector:
        (name,) = classifier.classes
        return f"{counts.classes.get(name, 0):,} {name} (from {classifier.threshold:.2f} on)"
    return f"{counts.n_unsure:,} unsure ({_why_unsure(classifier)})"


def _why_unsure(classifier: "SoundClassifier") -> str:
    if (classifier.threshold or 0) > 1:  # no probability reaches it
        return (
            "the evaluation had too few clips, or too many wrong answers, to promise that 90% are "
            "right: see the most probable classes of --per clip, or set --threshold"
        )
    return f"below {classifier.threshold:.2f}"


def _rate(text: str) -> float:
    """Return an argument that is a number from 0 to below 1."""
    value = share(text)
    if value == 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number below 1")
    return value
